import type { V1DaemonSet, V1Deployment, V1Job, V1Pod, V1ReplicaSet, V1StatefulSet } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { judgeWorkload } from '../../../src/deploying/judge-workload.ts';
import type { RolloutFacts, Workload } from '../../../src/deploying/workload.ts';

const REVISION = 'deployment.kubernetes.io/revision';
const owned = (uid: string) => [{ uid, apiVersion: 'v1', kind: 'Any', name: uid }];

function facts(more: Partial<RolloutFacts>): RolloutFacts {
  return {
    deployments: [],
    statefulSets: [],
    daemonSets: [],
    jobs: [],
    replicaSets: [],
    pods: [],
    services: [],
    endpointSlices: [],
    startedAt: {},
    ...more,
  };
}

const workload = (kind: Workload['kind']): Workload => ({ kind, name: 'app', namespace: 'shop' });
const meta = { name: 'app', namespace: 'shop', uid: 'app', generation: 2 };

function pod(owner: string, status: V1Pod['status'] = {}, more: V1Pod['metadata'] = {}): V1Pod {
  return {
    metadata: { name: `${owner}-pod`, namespace: 'shop', ownerReferences: owned(owner), ...more },
    spec: { containers: [], nodeName: 'node' },
    status: { conditions: [{ type: 'Ready', status: 'True' }], ...status },
  };
}

function waiting(reason: string): V1Pod['status'] {
  return {
    containerStatuses: [
      {
        name: 'main',
        image: '',
        imageID: '',
        ready: false,
        restartCount: 1,
        state: { waiting: { reason, message: 'why' } },
      },
    ],
  };
}

function unschedulable(message: string): V1Pod['status'] {
  return { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }] };
}

const set = (uid: string, revision: string): V1ReplicaSet => ({
  metadata: { uid, annotations: { [REVISION]: revision }, ownerReferences: owned('app') },
});

describe('a Deployment', () => {
  const complete = { observedGeneration: 2, replicas: 1, updatedReplicas: 1, availableReplicas: 1 };
  const judge = (status: V1Deployment['status'], pods: V1Pod[], more: Partial<RolloutFacts> = {}) => {
    const deployment: V1Deployment = {
      metadata: { ...meta, annotations: { [REVISION]: '2' } },
      spec: { replicas: 1, selector: {}, template: {} },
      ...(status === undefined ? {} : { status }),
    };
    return judgeWorkload(
      workload('Deployment'),
      facts({ deployments: [deployment], replicaSets: [set('old', '1'), set('new', '2')], pods, ...more }),
    );
  };

  it('is ready when all its pods are of the new version', () => {
    expect(judge(complete, [pod('new')])).toEqual({ state: 'ready' });
  });

  it.each<[string, V1Deployment['status'], V1Pod[], string]>([
    [
      'its controller has not seen it',
      { ...complete, observedGeneration: 1 },
      [pod('old', waiting('CrashLoopBackOff'))],
      'not seen by its controller yet',
    ],
    ['it has no status', undefined, [], 'not seen by its controller yet'],
    ['pods are not created yet', { ...complete, updatedReplicas: 0 }, [], '0 of 1 updated'],
    ['pods are not ready yet', { ...complete, availableReplicas: 0 }, [pod('new')], '0 of 1 available'],
    ['earlier pods are counted', { ...complete, replicas: 3 }, [pod('new')], '2 earlier pods are ending'],
    [
      'an earlier pod exists, though it is not counted',
      complete,
      [pod('new'), pod('old')],
      'the earlier pod old-pod is ending',
    ],
    [
      'a current pod is being deleted',
      complete,
      [pod('new', {}, { deletionTimestamp: new Date() })],
      'the earlier pod new-pod is ending',
    ],
    [
      'an earlier pod crashes',
      { ...complete, availableReplicas: 0 },
      [pod('new'), pod('old', waiting('CrashLoopBackOff'))],
      '0 of 1 available',
    ],
    [
      'a pod tries to pull for the first time',
      { ...complete, availableReplicas: 0 },
      [pod('new', waiting('ErrImagePull'))],
      '0 of 1 available',
    ],
    [
      'a volume is being provisioned',
      { ...complete, availableReplicas: 0 },
      [pod('new', unschedulable('pod has unbound immediate PersistentVolumeClaims'))],
      '0 of 1 available',
    ],
    [
      'a node is starting',
      { ...complete, availableReplicas: 0 },
      [pod('new', unschedulable('1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }'))],
      '0 of 1 available',
    ],
    [
      'an earlier pod will make room',
      { ...complete, availableReplicas: 0 },
      [pod('new', unschedulable('Insufficient cpu')), pod('old')],
      '0 of 1 available',
    ],
  ])('is pending while %s', (_, status, pods, detail) => {
    expect(judge(status, pods)).toEqual({ state: 'pending', detail: `Deployment app: ${detail}` });
  });

  it.each([
    'ImagePullBackOff',
    'InvalidImageName',
    'CrashLoopBackOff',
    'CreateContainerConfigError',
    'CreateContainerError',
    'RunContainerError',
  ])('has failed if a current pod is in %s, whatever its counts say', (reason) => {
    expect(judge(complete, [pod('new', waiting(reason))])).toEqual({
      state: 'failed',
      failure: { pod: 'new-pod', namespace: 'shop', container: 'main', reason, message: 'why' },
    });
  });

  it('has failed if a node lacks an image that is never pulled, and names both', () => {
    const lacking = pod('new', waiting('ErrImageNeverPull'));
    lacking.spec = { nodeName: 'node', containers: [{ name: 'main', image: 'shop/api:dev' }] };
    const failure = {
      pod: 'new-pod',
      namespace: 'shop',
      container: 'main',
      reason: 'ErrImageNeverPull',
      message: 'Node node does not have image shop/api:dev; with `imagePullPolicy: Never` it is not pulled.',
    };
    expect(judge(complete, [lacking])).toEqual({ state: 'failed', failure });
  });

  it('is pending while a pod has not noticed that its image was loaded', () => {
    const lacking = (created: string) => {
      const given = pod('new', waiting('ErrImageNeverPull'), { creationTimestamp: new Date(created) });
      given.spec = { nodeName: 'node', containers: [{ name: 'main', image: 'shop/api:dev' }] };
      return given;
    };
    const loaded = { references: ['shop/api:dev'], at: Date.parse('2026-01-01T00:01:00.500Z') };
    const status = { ...complete, availableReplicas: 0 };
    const stateOf = (created: string, more = loaded) => judge(status, [lacking(created)], { loaded: more }).state;
    expect(stateOf('2026-01-01T00:00:59Z')).toBe('pending');
    expect(stateOf('2026-01-01T00:01:00Z')).toBe('failed'); // perhaps created after the load
    expect(stateOf('2026-01-01T00:00:59Z', { ...loaded, references: ['shop/web:dev'] })).toBe('failed');
  });

  it('has failed if an init container has', () => {
    const status: V1Pod['status'] = { initContainerStatuses: waiting('CrashLoopBackOff')!.containerStatuses! };
    expect(judge({ ...complete, availableReplicas: 0 }, [pod('new', status)])).toMatchObject({
      state: 'failed',
      failure: { container: 'main' },
    });
  });

  it('has failed when no node has room', () => {
    expect(
      judge({ ...complete, availableReplicas: 0 }, [
        pod('new', unschedulable('0/1 nodes are available: 1 Insufficient cpu.')),
      ]),
    ).toMatchObject({
      state: 'failed',
      failure: { reason: 'Unschedulable' },
    });
  });

  it('ignores a pod that fails while it is being deleted', () => {
    expect(
      judge({ ...complete, replicas: 2 }, [
        pod('new'),
        pod('new', waiting('CrashLoopBackOff'), { deletionTimestamp: new Date() }),
      ]),
    ).toMatchObject({ state: 'pending' });
  });

  it('ignores evicted pods of any version: they stay, and others replace them', () => {
    const evicted = { phase: 'Failed', reason: 'Evicted' };
    expect(judge(complete, [pod('new'), pod('new', evicted), pod('old', evicted)])).toEqual({ state: 'ready' });
  });

  it('is pending while the status of a pod is older than the restart of its node', () => {
    const ran = (at: string): V1Pod['status'] => ({
      containerStatuses: [
        {
          name: 'main',
          image: '',
          imageID: '',
          ready: true,
          restartCount: 0,
          state: { running: { startedAt: new Date(at) } },
        },
      ],
    });
    const startedAt = { node: Date.parse('2026-01-01T00:01:00.500Z') };
    expect(judge(complete, [pod('new', ran('2026-01-01T00:00:00Z'))], { startedAt })).toEqual({
      state: 'pending',
      detail: 'Deployment app: the pod new-pod has not been restarted',
    });
    expect(judge(complete, [pod('new', ran('2026-01-01T00:01:00Z'))], { startedAt })).toEqual({ state: 'ready' });
    expect(judge(complete, [pod('new', ran('2026-01-01T00:00:00Z'))], { startedAt: { other: Infinity } })).toEqual({
      state: 'ready',
    });
  });

  it('is pending while a pod is not ready, even if its own, older status says so', () => {
    const unready = pod('new', { conditions: [{ type: 'Ready', status: 'False' }] });
    expect(judge(complete, [unready])).toEqual({
      state: 'pending',
      detail: 'Deployment app: the pod new-pod is not ready',
    });
  });

  it('is not confused with one of another namespace', () => {
    const elsewhere: V1Deployment = { metadata: { ...meta, namespace: 'bank' }, status: complete };
    expect(judgeWorkload(workload('Deployment'), facts({ deployments: [elsewhere] }))).toEqual({
      state: 'pending',
      detail: 'Deployment app: does not exist yet',
    });
  });
});

describe('a StatefulSet', () => {
  const judge = (status: Partial<V1StatefulSet['status']>, pods: V1Pod[], replicas = 1) => {
    const full = { observedGeneration: 2, replicas, readyReplicas: replicas, updateRevision: 'r2', ...status };
    const statefulSet: V1StatefulSet = {
      metadata: meta,
      spec: { replicas, selector: {}, serviceName: '', template: {} },
      status: full,
    };
    return judgeWorkload(workload('StatefulSet'), facts({ statefulSets: [statefulSet], pods }));
  };
  const revision = (hash: string, status: V1Pod['status'] = {}) =>
    pod('app', status, { labels: { 'controller-revision-hash': hash } });

  it('is ready when its pods are of the new revision', () => {
    expect(judge({}, [revision('r2')])).toEqual({ state: 'ready' });
    expect(judge({}, [], 0)).toEqual({ state: 'ready' });
  });

  it('is pending until then', () => {
    expect(judge({}, [revision('r1')])).toMatchObject({ detail: 'StatefulSet app: 0 of 1 updated' });
    expect(judge({ readyReplicas: 0 }, [revision('r2')])).toMatchObject({ detail: 'StatefulSet app: 0 of 1 ready' });
    expect(judge({ observedGeneration: 1 }, [revision('r2')])).toMatchObject({
      detail: 'StatefulSet app: not seen by its controller yet',
    });
    expect(judge({ replicas: 2 }, [revision('r2')])).toMatchObject({
      detail: 'StatefulSet app: 1 earlier pods are ending',
    });
    expect(judgeWorkload(workload('StatefulSet'), facts({}))).toMatchObject({
      detail: 'StatefulSet app: does not exist yet',
    });
  });

  it('fails only if a pod of the new revision fails', () => {
    expect(judge({}, [revision('r2', waiting('ImagePullBackOff'))])).toMatchObject({ state: 'failed' });
    expect(judge({}, [revision('r1', waiting('ImagePullBackOff'))])).toMatchObject({ state: 'pending' });
  });
});

describe('a DaemonSet', () => {
  const judge = (status: Partial<V1DaemonSet['status']>, pods: V1Pod[], template = '2') => {
    const counts = {
      currentNumberScheduled: 1,
      desiredNumberScheduled: 1,
      numberMisscheduled: 0,
      numberReady: 1,
      updatedNumberScheduled: 1,
      numberAvailable: 1,
    };
    const daemonSet: V1DaemonSet = {
      metadata: { ...meta, annotations: { 'deprecated.daemonset.template.generation': template } },
      status: { ...counts, observedGeneration: 2, ...status },
    };
    return judgeWorkload(workload('DaemonSet'), facts({ daemonSets: [daemonSet], pods }));
  };
  const generation = (label: string, status: V1Pod['status'] = {}) =>
    pod('app', status, { labels: { 'pod-template-generation': label } });

  it('is ready when every node has a pod of the new template', () => {
    expect(judge({}, [generation('2')])).toEqual({ state: 'ready' });
  });

  it('is ready if something other than its template changed', () => {
    expect(judge({}, [generation('1')], '1')).toEqual({ state: 'ready' });
  });

  it('is pending until then', () => {
    expect(judge({ updatedNumberScheduled: 0 }, [generation('1')])).toMatchObject({
      detail: 'DaemonSet app: 0 of 1 updated',
    });
    expect(judge({ numberAvailable: 0 }, [generation('2')])).toMatchObject({
      detail: 'DaemonSet app: 0 of 1 available',
    });
    expect(judge({ observedGeneration: 1 }, [])).toMatchObject({
      detail: 'DaemonSet app: not seen by its controller yet',
    });
    expect(judge({}, [generation('2'), generation('1')])).toMatchObject({
      detail: 'DaemonSet app: the earlier pod app-pod is ending',
    });
  });

  it('fails only if a pod of the new template fails', () => {
    expect(judge({}, [generation('2', waiting('CrashLoopBackOff'))])).toMatchObject({ state: 'failed' });
    expect(judge({ updatedNumberScheduled: 0 }, [generation('1', waiting('CrashLoopBackOff'))])).toMatchObject({
      state: 'pending',
    });
  });
});

describe('a Job', () => {
  const judge = (conditions: { type: string; status: string; reason?: string; message?: string }[], pods: V1Pod[]) => {
    const job: V1Job = { metadata: meta, status: { conditions } };
    return judgeWorkload(workload('Job'), facts({ jobs: [job], pods }));
  };

  it('is ready if it is complete, even if pods failed before', () => {
    expect(judge([{ type: 'Complete', status: 'True' }], [pod('app', { phase: 'Failed' })])).toEqual({
      state: 'ready',
    });
  });

  it('is pending while it runs or tries again', () => {
    expect(judge([], [pod('app')])).toEqual({ state: 'pending', detail: 'Job app: not complete' });
    expect(judge([], [pod('app', { phase: 'Failed' })])).toEqual({ state: 'pending', detail: 'Job app: not complete' });
    expect(judge([{ type: 'Complete', status: 'False' }], [])).toMatchObject({ state: 'pending' });
  });

  it('has failed if it has given up, even if its pods are deleted', () => {
    const gaveUp = [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: 'too often' }];
    expect(judge(gaveUp, [pod('app', { phase: 'Failed' })])).toEqual({
      state: 'failed',
      failure: { pod: 'app-pod', namespace: 'shop', reason: 'BackoffLimitExceeded', message: 'too often' },
    });
    expect(judge(gaveUp, [])).toMatchObject({ state: 'failed', failure: { pod: 'app' } });
  });

  it('has failed if one of its pods cannot start', () => {
    expect(judge([], [pod('app', waiting('ImagePullBackOff'))])).toMatchObject({ state: 'failed' });
  });
});

describe('a Pod', () => {
  const judge = (status: V1Pod['status']) =>
    judgeWorkload(workload('Pod'), facts({ pods: [{ metadata: meta, ...(status ? { status } : {}) }] }));

  it('is ready if its condition says so, or it has succeeded', () => {
    expect(judge({ phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] })).toEqual({ state: 'ready' });
    expect(judge({ phase: 'Succeeded' })).toEqual({ state: 'ready' });
  });

  it('is pending until then', () => {
    expect(judge({ phase: 'Pending' })).toEqual({ state: 'pending', detail: 'Pod app: not ready (Pending)' });
    expect(judge(undefined)).toEqual({ state: 'pending', detail: 'Pod app: not ready (unknown)' });
    expect(judgeWorkload(workload('Pod'), facts({}))).toEqual({
      state: 'pending',
      detail: 'Pod app: does not exist yet',
    });
  });

  it('has failed if it ended with an error', () => {
    expect(judge({ phase: 'Failed' })).toEqual({
      state: 'failed',
      failure: { pod: 'app', namespace: 'shop', reason: 'Failed', message: 'the pod ended with an error' },
    });
  });
});

describe('a container that crashes', () => {
  const patience = {
    maxRestarts: 3,
    restartsBefore: new Map<string, number>(),
    mayAppear: false,
    since: Date.parse('2026-01-01T00:00:00Z'),
  };
  const crashing = (restartCount: number, reason = 'CrashLoopBackOff', message = 'why'): V1Pod =>
    pod(
      'app',
      {
        conditions: [],
        containerStatuses: [
          { name: 'main', image: '', imageID: '', ready: false, restartCount, state: { waiting: { reason, message } } },
        ],
      },
      { uid: 'p', labels: { 'controller-revision-hash': 'r' } },
    );
  const judge = (crashed: V1Pod, more: Partial<RolloutFacts['patience'] & object> = {}) =>
    judgeWorkload(
      workload('StatefulSet'),
      facts({
        statefulSets: [
          {
            metadata: meta,
            spec: { selector: {}, serviceName: '', template: {} },
            status: { observedGeneration: 2, replicas: 1, updateRevision: 'r' },
          },
        ],
        pods: [crashed],
        patience: { ...patience, ...more },
      }),
    );

  it('is given its restarts, and shown meanwhile', () => {
    expect(judge(crashing(2))).toEqual({
      state: 'pending',
      detail: 'StatefulSet app: 0 of 1 ready; container main of pod app-pod crashes (2 restarts)',
    });
    expect(judge(crashing(3))).toMatchObject({ state: 'failed', failure: { reason: 'CrashLoopBackOff' } });
  });

  it('is not blamed for restarts before this deployment', () => {
    expect(judge(crashing(4), { restartsBefore: new Map([['p/main', 2]]) })).toMatchObject({ state: 'pending' });
  });

  it('may miss a ConfigMap only if something may create it', () => {
    const lacking = crashing(0, 'CreateContainerConfigError', 'configmap "c" not found');
    expect(judge(lacking)).toMatchObject({ state: 'failed' });
    expect(judge(lacking, { mayAppear: true })).toMatchObject({ state: 'pending' });
    const wrong = crashing(0, 'CreateContainerConfigError', 'container has runAsNonRoot and image will run as root');
    expect(judge(wrong, { mayAppear: true })).toMatchObject({ state: 'failed' });
  });
});

describe('pods that the server refuses to create', () => {
  const refused = (message: string, at: string) => ({
    metadata: {},
    involvedObject: { uid: 'app', name: 'app' },
    message,
    lastTimestamp: new Date(at),
  });
  const judge = (message: string, at = '2026-01-01T00:00:01Z') =>
    judgeWorkload(
      workload('StatefulSet'),
      facts({
        statefulSets: [
          {
            metadata: meta,
            spec: { selector: {}, serviceName: '', template: {} },
            status: { observedGeneration: 2, replicas: 0, updateRevision: 'r' },
          },
        ],
        refusedPods: [refused(message, at)],
        patience: {
          maxRestarts: 5,
          restartsBefore: new Map(),
          mayAppear: false,
          since: Date.parse('2026-01-01T00:00:00Z'),
        },
      }),
    );

  it.each(['pods "app-0" is forbidden: exceeded quota: q', 'pods "app-0" is forbidden: violates PodSecurity "x"'])(
    "fail at once with the server's words: %s",
    (message) => {
      expect(judge(message)).toEqual({
        state: 'failed',
        failure: { subject: 'StatefulSet app', pod: 'app', namespace: 'shop', reason: 'FailedCreate', message },
      });
    },
  );

  it('are waited for if that passes by itself, or was before this deployment', () => {
    expect(judge('pods "a" is forbidden: error looking up service account shop/a')).toMatchObject({ state: 'pending' });
    expect(judge('failed calling webhook "x": is forbidden')).toMatchObject({ state: 'pending' });
    expect(judge('exceeded quota', '2025-12-31T23:59:00Z')).toMatchObject({ state: 'pending' });
  });
});

describe('a workload that is at rest', () => {
  it('is ready if it is a suspended Job or one that deleted itself', () => {
    const job: V1Job = { metadata: meta, spec: { template: {}, suspend: true } };
    expect(judgeWorkload(workload('Job'), facts({ jobs: [job] }))).toMatchObject({
      state: 'ready',
      remark: expect.stringContaining('suspended'),
    });
    expect(judgeWorkload({ ...workload('Job'), deletesItself: true }, facts({}))).toEqual({ state: 'ready' });
    expect(judgeWorkload(workload('Job'), facts({}))).toMatchObject({ state: 'pending' });
  });
});
