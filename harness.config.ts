import { defineConfig } from 'kind-harness';

// If no container registry answers, the Debian base is built from Debian's packages.
const debianBases = { 'debian:bookworm-slim': 'bookworm' };

export default defineConfig({
  project: 'kind-harness-example',
  images: {
    // Both have the same context and Dockerfile. `sources` lists the files of each, so that a
    // change rebuilds one image instead of two.
    api: { context: 'harness/services', target: 'api', sources: ['service.py', 'api.py'], debianBases },
    worker: { context: 'harness/services', target: 'worker', sources: ['service.py', 'worker.py'], debianBases },
    redis: { context: 'harness/services/redis', debianBases },
  },
  manifests: 'manifests/*.yaml',
  tests: { vitest: { config: 'vitest.example.config.ts' } },
});
