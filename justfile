# Recipes and commands of the harness have the same names: `just test-cached --verbose` runs `harness test-cached --verbose`.
# With only Node 20 installed: npx -y -p node@24.21.0 -p rust-just@1.57.0 -- just test-cached

set quiet
set no-exit-message
set positional-arguments

# The machines that test this repository may have a frozen mirror of Debian.
export HARNESS_ACCEPT_EXPIRED_INDEX := "1"

_list:
    just --list --unsorted

# build and load all images, deploy, test (CI, release checks)
test-kind *args: _tools
    node dist/bin/harness.cjs test-kind "$@"

# build stale images, load missing ones, deploy, test (every day)
test-cached *args: _tools
    node dist/bin/harness.cjs test-cached "$@"

# build nothing, load missing images, deploy, test (while working on the tests)
test-fast *args: _tools
    node dist/bin/harness.cjs test-fast "$@"

# run test-cached, then rebuild, redeploy and retest after every change
dev *args: _tools
    node dist/bin/harness.cjs dev "$@"

# build every image
build *args: _tools
    node dist/bin/harness.cjs build "$@"

# build stale images
build-if-needed *args: _tools
    node dist/bin/harness.cjs build-if-needed "$@"

# build every image, with every step run again
rebuild *args: _tools
    node dist/bin/harness.cjs rebuild "$@"

# build every image with every step run again, and the profile `development`, if it is configured
build-dev *args: _tools
    node dist/bin/harness.cjs build-dev "$@"

# build stale images with the profile `production`, if it is configured
build-prod *args: _tools
    node dist/bin/harness.cjs build-prod "$@"

# load every image into all nodes
load *args: _tools
    node dist/bin/harness.cjs load "$@"

# load images into nodes that lack them
load-if-needed *args: _tools
    node dist/bin/harness.cjs load-if-needed "$@"

# print which images are stale and where they are loaded
cache-status *args: _built
    node dist/bin/harness.cjs cache-status "$@"

# print which tags of images are due, and which stand
tags *args: _built
    node dist/bin/harness.cjs tags "$@"

# print how large images are, and which lines of their Dockerfiles made them so
size *args: _built
    node dist/bin/harness.cjs size "$@"

# explain why the next build of an image will happen or not, and why the last one did
why *args: _built
    node dist/bin/harness.cjs why "$@"

# print what build contexts hold and send, and what is wrong with them and with Dockerfiles
audit *args: _built
    node dist/bin/harness.cjs audit "$@"

# delete the cluster and the images of this project
clean *args: _built
    node dist/bin/harness.cjs clean "$@"

# remove replaced and unconfigured images
prune *args: _built
    node dist/bin/harness.cjs prune "$@"

# create or start the cluster
up *args: _tools
    node dist/bin/harness.cjs up "$@"

# build, load and deploy, without tests
deploy *args: _tools
    node dist/bin/harness.cjs deploy "$@"

# delete the cluster
down *args: _built
    node dist/bin/harness.cjs down "$@"

# stop the cluster and keep it
stop *args: _built
    node dist/bin/harness.cjs stop "$@"

# print the state of the cluster and its nodes
status *args: _built
    node dist/bin/harness.cjs status "$@"

# print the path of the cluster's kubeconfig
kubeconfig *args: _built
    node dist/bin/harness.cjs kubeconfig "$@"

# report what is installed and what is missing
doctor *args: _built
    node dist/bin/harness.cjs doctor "$@"

# install what is missing and start Docker
setup *args: _built
    node dist/bin/harness.cjs setup "$@"

# build or inspect the node image
node-image *args: _tools
    node dist/bin/harness.cjs node-image "$@"

# all tests of this repository: checks, unit, integration, and e2e on real clusters
test: _tools
    node scripts/test.mjs

# types, lint, format, unused code, generated documentation
check: _built
    npm run --silent typecheck
    npm run --silent lint
    npm run --silent knip
    node scripts/check-docs.mjs
    node scripts/schema.mjs --check

# tests of single functions
unit *args: _built
    npx --no-install vitest run --project unit "$@"

# tests of one adapter each, against the real Docker
integration *args: _tools
    npx --no-install vitest run --project integration "$@"

# tests of the built command on real clusters
e2e *args: _tools
    npx --no-install vitest run --project e2e "$@"

# the slowest test files of the last `just test`, and what they waited for
slowest *args:
    node scripts/slowest.mjs "$@"

lint: _built
    npm run --silent lint

format: _built
    npm run --silent format

# Installs the dependencies and builds, if needed.
_built:
    node scripts/bootstrap.mjs

# The same, and installs kind and starts Docker, if needed.
_tools:
    node scripts/bootstrap.mjs --tools
