import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'kind-harness/vitest/fixtures';

test('never ends', { timeout: 600_000 }, async ({ namespace, apply }) => {
  await apply({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: `${namespace.name}-role` },
    rules: [],
  });
  console.log(`made ${namespace.name}`);
  if (process.env['HANG'] !== undefined) await sleep(500_000);
});
