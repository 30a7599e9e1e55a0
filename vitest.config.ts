import { defineConfig } from 'vitest/config';

const MINUTE = 60_000;

/**
 * This package's own tests. The example's tests are run by the harness, with
 * `vitest.example.config.ts`.
 */
export default defineConfig({
  test: {
    projects: [
      // Beside the end-to-end tests, a test of milliseconds may take seconds.
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: MINUTE, hookTimeout: MINUTE } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 2 * MINUTE,
          hookTimeout: 2 * MINUTE,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['./test/e2e/support/build.ts'],
          testTimeout: 15 * MINUTE,
          // On a new machine, the first ones wait until the node image is compiled.
          hookTimeout: 30 * MINUTE,
          // Two files at a time: most of their time is spent waiting for clusters. Each cluster needs
          // one to two gigabytes of memory.
          maxWorkers: 2,
        },
      },
    ],
  },
});
