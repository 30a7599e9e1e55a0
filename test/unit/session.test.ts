import { describe, expect, it } from 'vitest';
import type { ClusterNode, ClusterState } from '../../src/cluster/cluster.ts';
import { loadTargets } from '../../src/cluster/nodes.ts';
import { assertOwn } from '../../src/cluster/ownership.ts';
import type { Config } from '../../src/config/config.ts';
import { selectImages, type Session } from '../../src/session.ts';

const config = {
  file: '/r/harness.config.json',
  root: '/r',
  stateDirectory: '/r/.harness/shop',
  project: 'shop',
  cluster: { name: 'shop', nodes: 1 },
  images: [{ name: 'api' }, { name: 'web' }],
} as unknown as Config;
const session = { config } as Session;

describe('selected images', () => {
  it('are in the order of the configuration, and all of them without names', () => {
    expect(selectImages(config, []).map((image) => image.name)).toEqual(['api', 'web']);
    expect(selectImages(config, ['web', 'api', 'web']).map((image) => image.name)).toEqual(['api', 'web']);
  });

  it('must be in the configuration', () => {
    expect(() => selectImages(config, ['wbe', 'x'])).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: 'No image is named `wbe`, `x`.',
        next: 'Configured images: api, web.',
      }),
    );
    expect(() => selectImages({ ...config, images: [] }, ['x'])).toThrow(
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
