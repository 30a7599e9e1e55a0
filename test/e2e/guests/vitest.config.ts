import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['*.test.ts'], globalSetup: ['kind-harness/vitest'], testTimeout: 60_000, hookTimeout: 60_000 },
});
