import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'kind-harness/vitest/fixtures';

// Run as many files at once: each makes an object of the same name, and must find its own and no
// other.
test('sees nothing of the others', async ({ namespace, apply, kube }) => {
  const mine = crypto.randomUUID();
  await apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shared-name' }, data: { mine } });
  await sleep(1_000); // so that they overlap
  const { items } = await kube.core.listNamespacedConfigMap({ namespace: namespace.name });
  expect(items.filter(({ metadata }) => metadata?.name === 'shared-name').map(({ data }) => data)).toEqual([{ mine }]);
  console.log(`namespace of its own: ${namespace.name}`);
});
