import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { HarnessError } from '../../../src/core/error.ts';
import { plant, scratch } from '../../support/scratch.ts';

const FILES = {
  Dockerfile: 'FROM scratch\n',
  'charts/shop/Chart.yaml': 'name: shop\n',
  'charts/empty/': '',
  'charts/shop-1.0.0.tgz': '',
  'values.yaml': 'image: "{image.api}"\n',
  'bad.yaml': 'image: "{image.apj.tag}"\n',
  'overlay/kustomization.yml': '',
  'k8s/b.yaml': '',
  'k8s/a.yaml': '',
};

function repository(deploy: unknown): string {
  const root = join(scratch(), 'shop');
  const config = { images: { api: {} }, deploy };
  plant(root, { ...FILES, 'harness.config.json': JSON.stringify(config) });
  return root;
}

async function problems(deploy: unknown): Promise<[root: string, lines: string[]]> {
  const root = repository(deploy);
  const error = await loadConfig(root).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(HarnessError);
  return [root, ((error as HarnessError).detail ?? '').split('\n')];
}

describe('steps', () => {
  it('are resolved in their order, with their defaults', async () => {
    const root = repository([
      { helm: { chart: 'charts/shop', release: 'shop', values: ['values.yaml', { a: 1 }], set: { b: true } } },
      { helm: { chart: 'charts/shop-1.0.0.tgz', release: 'packed' }, namespace: 'other', timeout: 7 },
      { helm: { chart: 'redis', release: 'redis', repo: 'https://charts.invalid', version: '1.0.0' } },
      { kustomize: 'overlay' },
      { kustomize: 'https://git.invalid/base?ref=v1' },
      { manifests: 'k8s/*.yaml' },
      { command: ['jsonnet', 'a'], inputs: ['*.jsonnet'] },
    ]);
    const at = (index: number) => ({ place: `deploy[${index}]`, namespace: 'shop', timeout: 300_000 });
    expect((await loadConfig(root)).deploy.steps).toEqual([
      {
        ...at(0),
        kind: 'helm',
        release: 'shop',
        chart: { from: 'directory', path: join(root, 'charts/shop') },
        values: [join(root, 'values.yaml'), { a: 1 }],
        set: { b: true },
      },
      {
        ...at(1),
        namespace: 'other',
        timeout: 7000,
        kind: 'helm',
        release: 'packed',
        chart: { from: 'archive', path: join(root, 'charts/shop-1.0.0.tgz') },
        values: [],
        set: {},
      },
      {
        ...at(2),
        kind: 'helm',
        release: 'redis',
        chart: { from: 'repository', name: 'redis', repository: 'https://charts.invalid', version: '1.0.0' },
        values: [],
        set: {},
      },
      { ...at(3), kind: 'kustomize', overlay: { directory: join(root, 'overlay') } },
      { ...at(4), kind: 'kustomize', overlay: { url: 'https://git.invalid/base?ref=v1' } },
      { ...at(5), kind: 'manifests', files: [join(root, 'k8s/a.yaml'), join(root, 'k8s/b.yaml')] },
      { ...at(6), kind: 'command', command: ['jsonnet', 'a'], inputs: ['*.jsonnet'] },
    ]);
  });

  it('may be in an object', async () => {
    const config = await loadConfig(repository({ steps: [{ kustomize: 'overlay' }] }));
    expect(config.deploy.steps[0]?.place).toBe('deploy.steps[0]');
  });

  it('that name what does not exist are reported all at once, each with its place', async () => {
    const [root, lines] = await problems([
      { helm: { chart: 'bitnami/redis', release: 'a', values: ['none.yaml'] } },
      { helm: { chart: 'charts/empty', release: 'b', version: '1' } },
      { kustomize: 'charts' },
      { kustomize: 'none' },
      { manifests: ['none/*.yaml'], inputs: ['x'] },
    ]);
    expect(lines.sort()).toEqual([
      `deploy[0].helm.chart: expected a chart's directory or archive, found none at ${join(root, 'bitnami/redis')}; a chart from a repository needs \`repo\``,
      `deploy[0].helm.values[0]: expected a file of values, found none at ${join(root, 'none.yaml')}`,
      `deploy[1].helm.chart: expected a chart, found no Chart.yaml in ${join(root, 'charts/empty')}`,
      'deploy[1].helm.version: expected only for a chart from a repository: add `repo`',
      `deploy[2].kustomize: expected a kustomization, found no kustomization.yaml in ${join(root, 'charts')}`,
      `deploy[3].kustomize: expected a directory, found none at ${join(root, 'none')}`,
      'deploy[4].inputs: expected only beside `command`: the others are known',
      `deploy[4].manifests[0]: expected files, found none for \`none/*.yaml\` below ${root}`,
    ]);
  });

  it('with an unknown placeholder are reported with its place', async () => {
    const [, lines] = await problems([
      {
        helm: {
          chart: 'charts/shop',
          release: 'a',
          values: ['bad.yaml', { image: { tag: '{image.api.tags}' } }],
          set: { 'image.tag': '{image.web.tag}' },
        },
      },
    ]);
    expect(lines.map((line) => line.split(': expected')[0])).toEqual([
      'deploy[0].helm.values[0]: unknown placeholder {image.apj.tag}',
      'deploy[0].helm.values[1]: unknown placeholder {image.api.tags}',
      'deploy[0].helm.set.image.tag: unknown placeholder {image.web.tag}',
    ]);
  });
});

describe('the globs of manifests', () => {
  async function files(manifests: string | string[]): Promise<string[]> {
    const root = repository({
      steps: [{ manifests }],
      imageFields: [{ kind: 'Rollout.argoproj.io', path: 'spec.a[*].b' }],
    });
    plant(root, { 'k8s/c.json': '', 'k8s/secret.yaml': '', 'k8s/deep/d.yaml': '', 'k8s/README.md': '' });
    const { deploy } = await loadConfig(root);
    const [step] = deploy.steps;
    return step?.kind === 'manifests' ? step.files.map((file) => file.slice(root.length + 1)) : [];
  }

  it('take files away after `!`, wherever it stands, and know directories', async () => {
    expect(await files(['!k8s/secret.yaml', 'k8s'])).toEqual(['k8s/a.yaml', 'k8s/b.yaml', 'k8s/c.json']);
    expect(await files(['k8s/**/*.yaml', '!k8s/deep', '!k8s/[ab].yaml'])).toEqual(['k8s/secret.yaml']);
    expect(await files('k8s/deep/')).toEqual(['k8s/deep/d.yaml']);
  });

  it('must find files', async () => {
    const [root, lines] = await problems([{ manifests: ['k8s/a.yaml', '!k8s/*'] }, { manifests: '!k8s' }]);
    expect(lines).toEqual([
      `deploy[0].manifests[0]: expected files, found none for \`k8s/a.yaml\` below ${root}: all of them are excluded`,
      'deploy[1].manifests: expected a glob without `!`: those with it only take files away',
    ]);
  });
});
