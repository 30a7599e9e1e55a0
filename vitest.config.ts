import { defineConfig } from 'vitest/config';

const MINUTE = 60_000;

/**
 * This package's own tests. The example's tests, which the harness itself runs, have
 * `vitest.example.config.ts`.
 */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
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
          hookTimeout: 15 * MINUTE,
          // One cluster at a time: two of them measure each other, and small machines run out of
          // memory.
          fileParallelism: false,
        },
      },
    ],
  },
});
