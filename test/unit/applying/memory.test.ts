import { expect, it } from 'vitest';
import type { AppliedEntry } from '../../../src/applying/applied-entry.ts';
import { openMemory } from '../../../src/applying/memory.ts';
import type { KubeAccess } from '../../../src/kubernetes/api.ts';
import type { KubeResources } from '../../../src/kubernetes/resources.ts';

it('remembers an object without content, in which no field is ours', async () => {
  const resources = { pathOf: () => Promise.reject(new Error('unknown kind')) } as unknown as KubeResources;
  const now = new Map<string, AppliedEntry>();
  const shared = { kube: {} as KubeAccess, resources, key: Buffer.from('key'), before: new Map(), now };
  const wanted = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'empty' } };
  await openMemory(shared, 'shop').applied(wanted, { name: 'empty', namespace: 'shop', uid: '1' });
  expect([...now.values()]).toMatchObject([{ kind: 'ConfigMap', name: 'empty', namespace: 'shop', uid: '1' }]);
});
