import type { V1Pod, V1StatefulSet } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { podsToReplace } from '../../../src/deploying/decide-pod-replacement.ts';
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
  return podsToReplace(workloads, facts).map(({ pod }) => pod);
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
    ['keeps the pod below its partition', statefulSet({ rollingUpdate: { partition: 1 } })],
    ['has no status', { metadata: statefulSet().metadata! }],
  ])('unless the StatefulSet %s', (_, set) => {
    expect(stuck([pod('r1')], set)).toEqual([]);
  });

  it('unless the StatefulSet was not deployed', () => {
    expect(stuck([pod('r1')], statefulSet(), [{ ...workload, namespace: 'bank' }])).toEqual([]);
    expect(stuck([pod('r1')], statefulSet(), [{ ...workload, kind: 'Deployment' }])).toEqual([]);
  });
});

const none = { deployments: [], daemonSets: [], statefulSets: [], jobs: [], replicaSets: [], services: [] };
const facts = (more: Partial<RolloutFacts>): RolloutFacts => ({
  ...none,
  pods: [],
  endpointSlices: [],
  startedAt: {},
  ...more,
});
const owned = { ownerReferences: [{ uid: 'db', apiVersion: 'apps/v1', kind: 'Any', name: 'db' }] };
const meta = { name: 'db', namespace: 'shop', uid: 'db', generation: 2 };

describe('a workload that does not replace its pods', () => {
  it('is a StatefulSet with the strategy OnDelete: its earlier pods are replaced, also ready ones', () => {
    const [earlier, current] = [pod('r1', {}, 'True'), pod('r2', {}, 'True')];
    const sets = facts({ statefulSets: [statefulSet({ type: 'OnDelete' })], pods: [earlier, current] });
    expect(podsToReplace([workload], sets)).toEqual([{ pod: earlier, reason: 'its update strategy is OnDelete' }]);
  });

  it('is a DaemonSet with that strategy', () => {
    const of = (generation: string): V1Pod => ({
      metadata: { ...owned, labels: { 'pod-template-generation': generation } },
    });
    const daemonSet = (type: string) => ({
      metadata: meta,
      spec: { selector: {}, template: {}, updateStrategy: { type } },
      status: {
        observedGeneration: 2,
        currentNumberScheduled: 1,
        desiredNumberScheduled: 1,
        numberMisscheduled: 0,
        numberReady: 1,
      },
    });
    const replaced = (type: string) =>
      podsToReplace(
        [{ ...workload, kind: 'DaemonSet' }],
        facts({ daemonSets: [daemonSet(type)], pods: [of('1'), of('2')] }),
      );
    expect(replaced('OnDelete')).toMatchObject([{ pod: of('1') }]);
    expect(replaced('RollingUpdate')).toEqual([]);
  });

  it('is a ReplicaSet of its own, whose pods are told by the digest of their template', () => {
    const annotations = (digest: string) => ({ annotations: { 'kind-harness.dev/template': digest } });
    const of = (digest: string): V1Pod => ({ metadata: { ...owned, ...annotations(digest) } });
    const set = { metadata: meta, spec: { selector: {}, template: { metadata: annotations('two') } } };
    const status = { observedGeneration: 2, replicas: 1 };
    const seen = facts({ replicaSets: [{ ...set, status }], pods: [of('one'), of('two')] });
    expect(podsToReplace([{ ...workload, kind: 'ReplicaSet' }], seen)).toMatchObject([{ pod: of('one') }]);
    const unseen = facts({
      replicaSets: [{ ...set, status: { ...status, observedGeneration: 1 } }],
      pods: [of('one')],
    });
    expect(podsToReplace([{ ...workload, kind: 'ReplicaSet' }], unseen)).toEqual([]);
  });
});
