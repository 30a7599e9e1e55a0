import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    name: 'example',
    include: ['test/example/**/*.test.ts'],
    // Builds, loads and deploys as needed. In your repository, write 'kind-harness/vitest'.
    globalSetup: ['./src/vitest/global-setup.ts'],
    // All files share one deployment: a test that restarts Redis must not disturb another file.
    fileParallelism: false,
    testTimeout: 90_000,
  },
});
