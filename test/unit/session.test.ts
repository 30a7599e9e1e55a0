import { describe, expect, it } from 'vitest';
import type { ClusterNode, ClusterState } from '../../src/cluster/cluster.ts';
import { loadTargets } from '../../src/cluster/nodes.ts';
import { assertOwn } from '../../src/cluster/ownership.ts';
import type { Config } from '../../src/config/config.ts';
import { selectBuilds, selectImages, type Session } from '../../src/session.ts';

const [API, WEB, DB] = [{ name: 'api' }, { name: 'web' }, { name: 'db', reference: 'postgres:17' }];
const config = {
  file: '/r/harness.config.json',
  root: '/r',
  stateDirectory: '/r/.harness/shop',
  project: 'shop',
  cluster: { name: 'shop', nodes: 1 },
  images: [API, WEB],
  others: [DB],
} as unknown as Config;
const session = { config } as Session;

describe('selected images', () => {
  it('are in the order of the configuration, and all of them without names', () => {
    expect(selectImages(config, [])).toEqual({ images: [API, WEB], others: [DB] });
    expect(selectImages(config, ['db', 'web', 'api', 'web'])).toEqual({ images: [API, WEB], others: [DB] });
    expect(selectImages(config, ['web'])).toEqual({ images: [WEB], others: [] });
    expect(selectBuilds(config, [])).toEqual([API, WEB]);
  });

  it('cannot be built if they are images of others', () => {
    expect(() => selectBuilds(config, ['api', 'db'])).toThrow(
      expect.objectContaining({ code: 'USAGE', message: 'Not built here, but by others: `db`.' }),
    );
  });

  it('must be in the configuration', () => {
    expect(() => selectImages(config, ['wbe', 'x'])).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: 'No image is named `wbe`, `x`.',
        next: 'Configured images: api, web, db.',
      }),
    );
    expect(() => selectImages({ ...config, images: [], others: [] }, ['x'])).toThrow(
      expect.objectContaining({ next: 'Add images to /r/harness.config.json.' }),
    );
  });
});

describe('a cluster', () => {
  const node: ClusterNode = {
    name: 'n',
    containerId: 'c',
    role: 'control-plane',
    running: false,
    created: 5,
    image: 'sha256:0',
  };
  const state = (more: Partial<ClusterState>): ClusterState => ({ name: 'shop', nodes: [node], ...more });

  it('is refused if this project did not create it', async () => {
    const record = { format: 1 as const, project: 'bank', definition: 'd', parts: {} };
    for (const foreign of [state({}), state({ record }), state({ isMarked: false })]) {
      await expect(assertOwn(session, foreign)).rejects.toThrow(expect.objectContaining({ code: 'CLUSTER_FOREIGN' }));
    }
  });

  it('is accepted if it does not exist or this project created it, in any state', async () => {
    const record = { format: 1 as const, project: 'shop', definition: 'of another day', parts: {} };
    for (const own of [state({ record }), state({ isMarked: true }), state({ nodes: [] })]) {
      await expect(assertOwn(session, own)).resolves.toBeUndefined();
    }
  });

  it('has images loaded only into nodes that run pods', () => {
    const balancer: ClusterNode = { ...node, name: 'lb', role: 'external-load-balancer' };
    expect(loadTargets([node, balancer]).map((one) => one.name)).toEqual(['n']);
  });
});
