import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    name: 'example',
    include: ['test/example/**/*.test.ts'],
    // Builds, loads and deploys what is due. In your repository: 'kind-harness/vitest'.
    globalSetup: ['./src/vitest/global-setup.ts'],
    // All files share the one deployment: what restarts Redis must not disturb another file.
    fileParallelism: false,
    testTimeout: 90_000,
  },
});
