# Stands for jsonnet, cue, cdk8s: a program that prints objects.
set -e
for name in red blue; do
  echo '---'
  sed -e "s/NAME/$name/" templates/deployment.yaml
done
