import { expect, it } from 'vitest';
import { helmArguments, helmEnvironment } from '../../../src/helm/helm-arguments.ts';

const given = {
  namespace: 'shop',
  kubeconfig: '/repo/.harness/kubeconfig',
  timeout: 1500,
  chart: '/repo/charts/shop',
  values: ['/repo/values.yaml'],
  set: { 'image.tag': 'a,b', replicas: 2, 'list[0]': '1' },
  files: { token: '/repo/.harness/token' },
};

it('values keep their types, and none is left over from the last upgrade', () => {
  const step = { release: 'shop', chart: { from: 'directory', path: '/repo/charts/shop' } as const };
  expect(helmArguments(step, given).join(' ')).toBe(
    'upgrade --install shop /repo/charts/shop --namespace shop --create-namespace' +
      ' --kubeconfig /repo/.harness/kubeconfig --timeout 2s --reset-values --values /repo/values.yaml' +
      ' --set-json image.tag="a,b" --set-json replicas=2 --set-json list[0]="1"' +
      ' --set-file token=/repo/.harness/token',
  );
});

it('a chart from a repository is looked up there', () => {
  const chart = { from: 'repository', name: 'redis', repository: 'https://charts.invalid', version: '1.0.0' } as const;
  const words = helmArguments({ release: 'redis', chart }, { ...given, chart: 'redis' }).join(' ');
  expect(words).toContain('--install redis redis');
  expect(words).toContain('--repo https://charts.invalid --version 1.0.0');
});

it("the user's settings do not lead it to another cluster", () => {
  const environment = helmEnvironment('/k');
  expect(environment).toMatchObject({ KUBECONFIG: '/k', HELM_DRIVER: 'secret', HELM_KUBECONTEXT: undefined });
  expect(Object.keys(environment)).toContain('HELM_NAMESPACE');
});
