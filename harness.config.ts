import { defineConfig } from 'kind-harness';

// Where no container registry answers, the Debian base is made from Debian's packages.
const debianBases = { 'debian:bookworm-slim': 'bookworm' };

export default defineConfig({
  project: 'kind-harness-example',
  images: {
    api: { context: 'harness/services', target: 'api', debianBases },
    worker: { context: 'harness/services', target: 'worker', debianBases },
    redis: { context: 'harness/services/redis', debianBases },
  },
  manifests: 'manifests/*.yaml',
  tests: { vitest: { config: 'vitest.example.config.ts' } },
});
