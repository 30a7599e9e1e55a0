import type { V1Pod, V1StatefulSet } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { stuckPods } from '../../../src/deploying/decide-stuck-pods.ts';
import type { RolloutFacts, Workload } from '../../../src/deploying/workload.ts';

const workload: Workload = { kind: 'StatefulSet', name: 'db', namespace: 'shop' };

function statefulSet(
  updateStrategy: { type?: string; rollingUpdate?: { partition: number } } = {},
  observedGeneration = 2,
): V1StatefulSet {
  return {
    metadata: { name: 'db', namespace: 'shop', uid: 'db', generation: 2 },
    spec: { selector: {}, serviceName: '', template: {}, updateStrategy },
    status: { replicas: 1, updateRevision: 'r2', observedGeneration },
  };
}

function pod(revision: string, more: V1Pod['metadata'] = {}, ready: 'True' | 'False' = 'False'): V1Pod {
  return {
    metadata: {
      name: 'db-0',
      labels: { 'controller-revision-hash': revision },
      ownerReferences: [{ uid: 'db', apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' }],
      ...more,
    },
    status: { conditions: [{ type: 'Ready', status: ready }] },
  };
}

function stuck(pods: V1Pod[], set = statefulSet(), workloads = [workload]): V1Pod[] {
  const none = { deployments: [], daemonSets: [], jobs: [], replicaSets: [], services: [], endpointSlices: [] };
  const facts: RolloutFacts = { ...none, statefulSets: [set], pods, startedAt: {} };
  return stuckPods(workloads, facts);
}

describe('a pod blocks the rollout of a StatefulSet', () => {
  it('if it is of an earlier revision and not ready', () => {
    expect(stuck([pod('r1')])).toEqual([pod('r1')]);
    expect(stuck([pod('r1')], statefulSet({ type: 'RollingUpdate', rollingUpdate: { partition: 0 } }))).toHaveLength(1);
  });

  it.each<[string, V1Pod]>([
    ['is of the new revision', pod('r2')],
    ['is ready, so that the controller replaces it', pod('r1', {}, 'True')],
    ['is being deleted', pod('r1', { deletionTimestamp: new Date() })],
    ['belongs to something else', pod('r1', { ownerReferences: [] })],
  ])('unless it %s', (_, other) => {
    expect(stuck([other])).toEqual([]);
  });

  it.each<[string, V1StatefulSet]>([
    ['has not been seen by its controller', statefulSet({}, 1)],
    ['replaces pods only when they are deleted', statefulSet({ type: 'OnDelete' })],
    ['replaces only some of its pods', statefulSet({ rollingUpdate: { partition: 1 } })],
    ['has no status', { metadata: statefulSet().metadata! }],
  ])('unless the StatefulSet %s', (_, set) => {
    expect(stuck([pod('r1')], set)).toEqual([]);
  });

  it('unless the StatefulSet was not deployed', () => {
    expect(stuck([pod('r1')], statefulSet(), [{ ...workload, namespace: 'bank' }])).toEqual([]);
    expect(stuck([pod('r1')], statefulSet(), [{ ...workload, kind: 'Deployment' }])).toEqual([]);
  });
});
