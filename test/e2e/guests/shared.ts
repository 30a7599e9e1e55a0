import { expect, test as base } from 'kind-harness/vitest/fixtures';

const test = base.extend({ isolation: 'file' });

test.beforeAll(async ({ fileNamespace }) => {
  await fileNamespace.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'made-before' } });
});

test('a file may share one namespace', async ({ namespace, fileNamespace, kube, images }) => {
  expect(namespace.name).toBe(fileNamespace.name);
  await kube.core.readNamespacedConfigMap({ name: 'made-before', namespace: namespace.name });
  expect(Object.keys(images)).toEqual(['app']);
});

test('the next test finds what was made', async ({ waitFor, deployed }) => {
  await waitFor('configmap/made-before', (object) => object.kind === 'ConfigMap');
  expect(deployed.name).toBe('helpers');
});
