import { defineConfig } from 'vitest/config';

const project = (name: string) => ({
  test: { name, include: ['alone.test.ts'], globalSetup: ['kind-harness/vitest'], testTimeout: 60_000 },
});

export default defineConfig({ test: { projects: [project('one'), project('two')] } });
