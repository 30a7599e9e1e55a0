import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../../src/config/resolve.ts';
import { testSurroundings, type Deployed } from '../../../src/testing/test-surroundings.ts';
import { plant, scratch } from '../../support/scratch.ts';

const DEPLOYED: Deployed = {
  clusterDefinition: 'kind configuration 1',
  nodes: [{ image: 'sha256:n' }, { image: 'sha256:n' }],
  images: [],
  services: [],
  objects: [],
  steps: [],
};

/** A repository whose configuration is in the directory `shop`. */
function repository(): string {
  const root = scratch();
  plant(root, { '.git/': '', 'shop/package.json': '{}', 'shop/package-lock.json': '{}' });
  return root;
}

async function surroundings(root: string, deployed: Partial<Deployed> = {}): Promise<Record<string, string>> {
  const { config } = await resolveConfig({ project: 'shop' }, `${root}/shop/harness.config.json`, `${root}/shop`);
  return testSurroundings(config, { on: true, files: [], env: [] }, {}, { ...DEPLOYED, ...deployed });
}

function changes(before: Record<string, string>, after: Record<string, string>): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => before[name] !== after[name]);
}

describe('what all tests depend on', () => {
  it('is the cluster as it was created, not only the configured paths and names', async () => {
    const root = repository();
    const before = await surroundings(root);
    expect(changes(before, await surroundings(root, { clusterDefinition: 'kind configuration 2' }))).toEqual([
      'cluster',
    ]);
  });

  it('is the image that the nodes run, also if it was rebuilt under its reference', async () => {
    const root = repository();
    const before = await surroundings(root);
    expect(changes(before, await surroundings(root, { nodes: [{ image: 'sha256:m' }] }))).toEqual(['node image']);
    expect(changes(before, await surroundings(root, { nodes: [{ image: 'sha256:n' }] }))).toEqual([]);
  });

  it.each([
    ['npm', 'node_modules/.package-lock.json'],
    ['pnpm', 'node_modules/.modules.yaml'],
    ['pnpm', 'node_modules/.pnpm/lock.yaml'],
    ['yarn', 'node_modules/.yarn-state.yml'],
    ['yarn 1', 'node_modules/.yarn-integrity'],
    ['yarn', '.yarn/install-state.gz'],
    ["yarn with Plug'n'Play", '.pnp.cjs'],
  ])('is what %s recorded in %s as installed', async (_, record) => {
    const root = repository();
    const before = await surroundings(root);
    plant(root, { [`shop/${record}`]: 'one' });
    const first = await surroundings(root);
    expect(changes(before, first)).toEqual([record]);
    plant(root, { [`shop/${record}`]: 'two' });
    expect(changes(first, await surroundings(root))).toEqual([record]);
  });

  it('is what is installed above, in a workspace and above the repository too', async () => {
    const outer = scratch();
    plant(outer, { 'worktree/.git': 'gitdir: elsewhere', 'worktree/shop/': '' });
    const root = `${outer}/worktree`;
    const before = await surroundings(root);
    plant(outer, { 'worktree/node_modules/.package-lock.json': '{}', 'node_modules/.package-lock.json': '{}' });
    expect(changes(before, await surroundings(root))).toEqual([
      '../node_modules/.package-lock.json',
      '../../node_modules/.package-lock.json',
    ]);
  });

  it('is what should be installed, and the runner’s configuration once there is one', async () => {
    const root = repository();
    const before = await surroundings(root);
    plant(root, {
      'package.json': '{}',
      'shop/package-lock.json': '{ }',
      'shop/vitest.config.ts': '',
      'shop/a.ts': '',
    });
    expect(changes(before, await surroundings(root))).toEqual([
      'package-lock.json',
      'vitest.config.ts',
      '../package.json',
    ]);
  });

  it('is the version of this package', async () => {
    expect((await surroundings(repository()))['kind-harness']).toMatch(/^\d+\.\d+\.\d+/);
  });
});
