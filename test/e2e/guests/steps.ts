import { expect, test } from 'kind-harness/vitest/fixtures';

test('a chart, an overlay and a program go into the namespace of a test', async ({
  apply,
  namespace,
  logs,
  waitFor,
}) => {
  const objects = await apply([
    { helm: { chart: 'chart', release: 'own', set: { image: '{image.app}' } } },
    { kustomize: 'overlay' },
    { command: ['cat', 'printed.yaml'], inputs: ['printed.yaml'] },
  ]);
  expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
    `ClusterRole ${namespace.name}-reader`,
    'Deployment web',
    'ConfigMap test-settings',
    'ConfigMap printed',
  ]);
  expect(objects.map(({ metadata }) => metadata.namespace)).toEqual([undefined, ...Array(3).fill(namespace.name)]);
  await waitFor('deployment/web', 'ready');
  expect(await logs('deployment/web')).toContain('first build');
});

test('a chart that is not there is named', async ({ apply }) => {
  await expect(apply({ helm: { chart: 'none', release: 'own' } })).rejects.toThrow(/helm\.chart: expected a chart/);
});
