#!/bin/sh
# Packs a file system as the one layer of several images, as an archive in the OCI image layout.
#   archive.sh ROOT ARCHIVE
# The images are those that kubeadm of this version asks for by name, and those of /kind/manifests.
set -eu
root=$1 archive=$2
work=$(mktemp -d)
blobs=$work/blobs/sha256
mkdir -p "$blobs"

# Puts a file among the blobs and sets `digest` and `size`.
blob() { # FILE
  digest=$(sha256sum "$1" | cut -d ' ' -f 1)
  size=$(stat -c %s "$1")
  mv "$1" "$blobs/$digest"
}

# zstd: read quickly when a node starts, which is the moment that counts.
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$root" -cf "$work/layer.tar" .
diff_id=$(sha256sum "$work/layer.tar" | cut -d ' ' -f 1)
zstd -q -6 -T0 --rm "$work/layer.tar" -o "$work/layer"
blob "$work/layer"
layer="{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+zstd\",\"digest\":\"sha256:$digest\",\"size\":$size}"
index=''

image() { # NAME ENTRYPOINT (empty: the manifests give the command)
  entrypoint=${2:+"\"Entrypoint\":[\"$2\"],"}
  path='PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  printf '{"architecture":"%s","os":"linux","config":{%s"Env":["%s"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$(dpkg --print-architecture)" "$entrypoint" "$path" "$diff_id" > "$work/config"
  blob "$work/config"
  printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","digest":"sha256:%s","size":%s},"layers":[%s]}' \
    application/vnd.oci.image.manifest.v1+json application/vnd.oci.image.config.v1+json "$digest" "$size" "$layer" > "$work/manifest"
  blob "$work/manifest"
  index="$index${index:+,}{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"sha256:$digest\",\"size\":$size,"
  index="$index\"annotations\":{\"io.containerd.image.name\":\"$1\"}}"
}

for program in kube-apiserver kube-controller-manager kube-proxy kube-scheduler; do
  image "registry.k8s.io/$program:$KUBERNETES_VERSION" ''
done
image "registry.k8s.io/etcd:$ETCD_TAG" ''
image "registry.k8s.io/coredns/coredns:$COREDNS_TAG" /coredns
image "registry.k8s.io/pause:$PAUSE_TAG" /pause
image "docker.io/rancher/local-path-provisioner:$STORAGE_TAG" ''
image "localhost/kind-harness/storage-helper:$STORAGE_TAG" ''

printf '{"schemaVersion":2,"manifests":[%s]}' "$index" > "$work/index.json"
echo '{"imageLayoutVersion":"1.0.0"}' > "$work/oci-layout"
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$work" -cf "$archive" oci-layout index.json blobs
rm -rf "$work"
