import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'kind-harness/vitest/fixtures';

// Several copies of this file run at the same time. Each creates an object with the same name, and
// must find only its own.
test('sees nothing of the others', async ({ namespace, apply, kube }) => {
  const mine = crypto.randomUUID();
  await apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shared-name' }, data: { mine } });
  await sleep(1_000); // so that the files overlap
  const { items } = await kube.core.listNamespacedConfigMap({ namespace: namespace.name });
  expect(items.filter(({ metadata }) => metadata?.name === 'shared-name').map(({ data }) => data)).toEqual([{ mine }]);
  console.log(`namespace of its own: ${namespace.name}`);
});
