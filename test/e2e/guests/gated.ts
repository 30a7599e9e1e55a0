import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'kind-harness/vitest/fixtures';

test('meets its own build', async ({ deployed }) => {
  console.log('testing');
  while (existsSync('gate')) await sleep(100);
  expect(await deployed.logs('deployment/app')).toContain('first build');
});
