import { describe, expect, it } from 'vitest';
import type { ClusterNode, ClusterRecord, ClusterState } from '../../../src/cluster/cluster.ts';
import type { Owner } from '../../../src/config/judge-owner.ts';
import { decideCluster } from '../../../src/cluster/decide-cluster.ts';

const OWNER: Owner = { project: 'shop', isNamed: false, directory: '/one/shop' };
const WANTED = { owner: OWNER, definition: 'd1', parts: { nodes: '2', 'node image': 'kindest/node:1' } };
const RECORD: ClusterRecord = { format: 1, project: 'shop', ...WANTED };
const ELSEWHERE = { ...OWNER, directory: '/two/shop' };

function node(more: Partial<ClusterNode> = {}): ClusterNode {
  return {
    name: 'shop-control-plane',
    containerId: 'c',
    role: 'control-plane',
    running: true,
    created: 1_000,
    image: 'sha256:0',
    ...more,
  };
}

function state(more: Partial<ClusterState> = {}): ClusterState {
  return { name: 'shop', nodes: [node()], record: RECORD, ...more };
}

function unrecorded(more: Partial<ClusterState> = {}): ClusterState {
  return state({ record: undefined, ...more });
}

describe('a cluster', () => {
  it.each<[string, ClusterState, string, string]>([
    ['is created when there is none', unrecorded({ nodes: [] }), 'create', 'there is none'],
    ['is used when it runs', state(), 'use', 'it is running'],
    [
      'is started when a node is stopped',
      state({ nodes: [node(), node({ name: 'shop-worker', role: 'worker', running: false })] }),
      'start',
      'shop-worker stopped',
    ],
    [
      'is started when all nodes are stopped',
      state({ nodes: [node({ running: false }), node({ name: 'w', running: false })] }),
      'start',
      'shop-control-plane, w stopped',
    ],
    [
      'is recreated when its nodes changed',
      state({ record: { ...RECORD, definition: 'd0', parts: { ...WANTED.parts, nodes: '1' } } }),
      'recreate',
      'its definition changed: nodes',
    ],
    [
      'is recreated when a part is new',
      state({ record: { ...RECORD, definition: 'd0', parts: { nodes: '2' } } }),
      'recreate',
      'its definition changed: node image',
    ],
    [
      'is recreated when only the digest differs',
      state({ record: { ...RECORD, definition: 'd0' } }),
      'recreate',
      'its definition changed: the format of the record',
    ],
    [
      'is recreated when stopped and changed',
      state({ nodes: [node({ running: false })], record: { ...RECORD, definition: 'd0', parts: {} } }),
      'recreate',
      'its definition changed: node image, nodes',
    ],
    [
      'is refused when it belongs to another project',
      state({ record: { ...RECORD, project: 'bank', owner: undefined } }),
      'refuse',
      'it belongs to the project bank',
    ],
    [
      'is refused when it belongs to another project and changed',
      state({ record: { ...RECORD, owner: { ...OWNER, project: 'bank' }, definition: 'd0' } }),
      'refuse',
      'it belongs to the project bank in /one/shop',
    ],
    [
      'is refused when a directory of the same name elsewhere created it',
      state({ record: { ...RECORD, owner: ELSEWHERE } }),
      'refuse',
      'it belongs to the project shop in /two/shop, and this is /one/shop',
    ],
    [
      'is refused when another directory of that name created it, and its definition changed',
      state({ record: { ...RECORD, owner: ELSEWHERE, definition: 'd0' } }),
      'refuse',
      'it belongs to the project shop in /two/shop, and this is /one/shop',
    ],
    [
      'is used when an earlier version, which knew only the name, created it',
      state({ record: { ...RECORD, owner: undefined } }),
      'use',
      'it is running',
    ],
    [
      'is refused when it has no record and no mark',
      unrecorded(),
      'refuse',
      'a kind cluster of that name exists, and this harness did not create it',
    ],
    [
      'is recreated when its creation was interrupted',
      unrecorded({ isMarked: true }),
      'recreate',
      'its creation was interrupted',
    ],
  ])('%s', (_, seen, action, reason) => {
    expect(decideCluster(seen, WANTED)).toEqual({ action, reason });
  });
});
