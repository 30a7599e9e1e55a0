# Every recipe of the harness is its command of the same name; `just test-cached --verbose` is `harness test-cached --verbose`.
# With nothing installed but Node 20: npx -y -p node@24.21.0 -p rust-just@1.57.0 -- just test-cached

set quiet
set no-exit-message
set positional-arguments

_list:
    just --list --unsorted

# build always, load always, test: for CI and release checks
test-kind *args: _tools
    node dist/bin/harness.cjs test-kind "$@"

# build what is stale, load what is missing, test: for every day
test-cached *args: _tools
    node dist/bin/harness.cjs test-cached "$@"

# build nothing, load what is missing, test: for work on the tests
test-fast *args: _tools
    node dist/bin/harness.cjs test-fast "$@"

# test-cached, and again what is due whenever something changes
dev *args: _tools
    node dist/bin/harness.cjs dev "$@"

# build every image
build *args: _tools
    node dist/bin/harness.cjs build "$@"

# build the images whose inputs changed
build-if-needed *args: _tools
    node dist/bin/harness.cjs build-if-needed "$@"

# build every image without any cache
rebuild *args: _tools
    node dist/bin/harness.cjs rebuild "$@"

# load every image into the nodes
load *args: _tools
    node dist/bin/harness.cjs load "$@"

# load the images that the nodes lack
load-if-needed *args: _tools
    node dist/bin/harness.cjs load-if-needed "$@"

# what is fresh, what is loaded, and why; changes nothing
cache-status *args: _built
    node dist/bin/harness.cjs cache-status "$@"

# why the next build of an image happens or not, and why the last one did; changes nothing
why *args: _built
    node dist/bin/harness.cjs why "$@"

# remove what the harness made
clean *args: _built
    node dist/bin/harness.cjs clean "$@"

# remove images that were replaced
prune *args: _built
    node dist/bin/harness.cjs prune "$@"

# create or start the cluster
up *args: _tools
    node dist/bin/harness.cjs up "$@"

# delete the cluster
down *args: _built
    node dist/bin/harness.cjs down "$@"

# stop the cluster, keeping it
stop *args: _built
    node dist/bin/harness.cjs stop "$@"

# the cluster's state
status *args: _built
    node dist/bin/harness.cjs status "$@"

# the path of the cluster's kubeconfig
kubeconfig *args: _built
    node dist/bin/harness.cjs kubeconfig "$@"

# what is installed and what is missing; changes nothing
doctor *args: _built
    node dist/bin/harness.cjs doctor "$@"

# install what is missing and start Docker
setup *args: _built
    node dist/bin/harness.cjs setup "$@"

# build or inspect the node image
node-image *args: _tools
    node dist/bin/harness.cjs node-image "$@"

# ALL tests of this repository: checks, unit, integration, e2e on real clusters
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

# tests of one driver each, against the real Docker
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

# The checkout is ready: dependencies and build.
_built:
    node scripts/bootstrap.mjs

# The machine is ready, too: Docker answers, and kind is there.
_tools:
    node scripts/bootstrap.mjs --tools
