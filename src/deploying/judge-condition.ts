import type { KubernetesObject, V1EndpointSlice, V1LabelSelector, V1Pod, V1PodStatus } from '@kubernetes/client-node';
import type { ObjectRef } from '../kubernetes/object-ref.ts';
import { steadyAt } from './judge-pod.ts';
import { judgeWorkload } from './judge-workload.ts';
import { isWorkload, type PodFailure, type RolloutFacts, type Workload, type WorkloadKind } from './workload.ts';

/**
 * What an object is waited for; a name such as `Complete` is that of a condition in its status,
 * with the status that it is to have.
 */
export type Wanted =
  'ready' | 'gone' | { condition: string; status: string } | { holds: (object: KubernetesObject) => boolean };

/** Collections by their names in `COLLECTIONS`; `own` is that of the object itself. */
export type Neighbours = Partial<Record<keyof typeof COLLECTIONS | 'own', readonly KubernetesObject[]>>;

/** Where the collections stand that tell whether something is ready, below their namespace. */
export const COLLECTIONS = {
  replicasets: '/apis/apps/v1',
  pods: '/api/v1',
  endpointslices: '/apis/discovery.k8s.io/v1',
} as const;

/** What must be looked at besides the object itself, to say whether it is ready. */
export function neighboursOf(kind: string): (keyof typeof COLLECTIONS)[] {
  if (kind === 'Service') return ['endpointslices'];
  if (kind === 'Deployment') return ['replicasets', 'pods'];
  return isWorkload(kind) && kind !== 'Pod' ? ['pods'] : [];
}

export type Verdict =
  // `steadyAt`: when it will be sure that it stays so, milliseconds since the epoch; 0 where it is.
  | { state: 'met'; object: KubernetesObject; steadyAt: number }
  | { state: 'pending'; detail: string }
  | { state: 'failed'; failure: PodFailure };

/** Whether an object is as wanted, and else what it is like. */
export function judgeCondition(ref: ObjectRef, wanted: Wanted, seen: Neighbours): Verdict {
  const object = seen.own?.find(({ metadata }) => metadata?.name === ref.name && metadata.namespace === ref.namespace);
  if (wanted === 'gone')
    return object ? { state: 'pending', detail: describe(object) } : { state: 'met', object: { ...ref }, steadyAt: 0 };
  if (!object) return { state: 'pending', detail: 'it is not there' };
  const when = (met: boolean, detail: string, steadyAt = 0): Verdict =>
    met ? { state: 'met', object, steadyAt } : { state: 'pending', detail };
  if (wanted !== 'ready') {
    const met =
      'holds' in wanted ? wanted.holds(object) : conditionOf(object, wanted.condition)?.status === wanted.status;
    return when(met, describe(object));
  }
  if (ref.kind === 'Service') return when(hasEndpoint(ref.name, seen), 'it leads to no pod that is ready');
  if (!isWorkload(ref.kind)) return when(conditionOf(object, 'Ready')?.status === 'True', describe(object));
  const workload: Workload = { kind: ref.kind, name: ref.name, namespace: ref.namespace ?? '' };
  const judged = judgeWorkload(workload, factsFrom(ref.kind, seen));
  if (judged.state === 'failed') return { state: 'failed', failure: judged.failure };
  const pods = ref.kind === 'Pod' ? [object as V1Pod] : podsOf(object, seen);
  return when(
    judged.state === 'ready',
    judged.state === 'pending' ? judged.detail : '',
    Math.max(0, ...pods.map(steadyAt)),
  );
}

/** An object's state in one line, from its status. */
export function describe(object: KubernetesObject): string {
  const { phase, conditions = [] } = (object as { status?: V1PodStatus }).status ?? {};
  const words = conditions.map(({ type, status, reason, message }) => {
    const why = [reason, message].filter(Boolean).join(': ');
    return `${type}=${status}${status === 'True' || why === '' ? '' : ` (${why})`}`;
  });
  const ending = object.metadata?.deletionTimestamp === undefined ? [] : ['being deleted'];
  return (
    [...ending, ...(phase === undefined ? [] : [phase]), ...words].join(', ') ||
    'it is there, and its status says nothing'
  );
}

function podsOf(object: KubernetesObject, { pods = [] }: Neighbours): V1Pod[] {
  const labels = Object.entries(
    (object as { spec?: { selector?: V1LabelSelector } }).spec?.selector?.matchLabels ?? {},
  );
  return (pods as readonly V1Pod[]).filter(({ metadata }) =>
    labels.every(([label, value]) => metadata?.labels?.[label] === value),
  );
}

function conditionOf(object: KubernetesObject, type: string): { status: string } | undefined {
  return (object as { status?: V1PodStatus }).status?.conditions?.find((condition) => condition.type === type);
}

function hasEndpoint(service: string, { endpointslices = [] }: Neighbours): boolean {
  return (endpointslices as readonly V1EndpointSlice[])
    .filter(({ metadata }) => metadata?.labels?.['kubernetes.io/service-name'] === service)
    .some(({ endpoints }) => endpoints?.some(({ conditions }) => conditions?.ready !== false));
}

function factsFrom(kind: WorkloadKind, { own = [], replicasets = [], pods = [] }: Neighbours): RolloutFacts {
  const of = (wanted: WorkloadKind) => (kind === wanted ? own : []) as never[];
  return {
    deployments: of('Deployment'),
    statefulSets: of('StatefulSet'),
    daemonSets: of('DaemonSet'),
    jobs: of('Job'),
    replicaSets: replicasets as RolloutFacts['replicaSets'],
    pods: (kind === 'Pod' ? own : pods) as RolloutFacts['pods'],
    services: [],
    endpointSlices: [],
    startedAt: {},
  };
}
