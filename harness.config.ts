import { defineConfig } from 'kind-harness';

// Where no container registry answers, the Debian base is made from Debian's packages.
const debianBases = { 'debian:bookworm-slim': 'bookworm' };

export default defineConfig({
  project: 'kind-harness-example',
  images: {
    // One context and one Dockerfile for both: `sources` says which files are whose, so that a
    // change builds one image and not two.
    api: { context: 'harness/services', target: 'api', sources: ['service.py', 'api.py'], debianBases },
    worker: { context: 'harness/services', target: 'worker', sources: ['service.py', 'worker.py'], debianBases },
    redis: { context: 'harness/services/redis', debianBases },
  },
  manifests: 'manifests/*.yaml',
  tests: { vitest: { config: 'vitest.example.config.ts' } },
});
