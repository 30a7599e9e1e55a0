import type { KubernetesObject, V1EndpointSlice, V1LabelSelector, V1Pod, V1PodStatus } from '@kubernetes/client-node';
import { isKind } from '../kubernetes/kinds.ts';
import type { ObjectRef } from '../kubernetes/object-ref.ts';
import { steadyAt } from './judge-pod.ts';
import { judgeWorkload } from './judge-workload.ts';
import { isWorkload, type PodFailure, type RolloutFacts, type Workload, type WorkloadKind } from './workload.ts';

/**
 * The state to wait for. `condition` names a condition of the object, such as `Complete`, and
 * `status` the status that it must have.
 */
export type Wanted =
  'ready' | 'gone' | { condition: string; status: string } | { holds: (object: KubernetesObject) => boolean };

/**
 * Objects by the name of their collection in `COLLECTIONS`; `own` is the object's own collection.
 */
export type Neighbours = Partial<Record<keyof typeof COLLECTIONS | 'own', readonly KubernetesObject[]>>;

/** API groups of the collections that show whether an object is ready. */
export const COLLECTIONS = {
  replicasets: '/apis/apps/v1',
  pods: '/api/v1',
  endpointslices: '/apis/discovery.k8s.io/v1',
} as const;

/** The collections needed, besides the object itself, to judge whether it is ready. */
export function neighboursOf(ref: ObjectRef): (keyof typeof COLLECTIONS)[] {
  const { kind } = ref;
  if (isKind(ref, '', 'Service')) return ['endpointslices'];
  if (isKind(ref, 'apps', 'Deployment')) return ['replicasets', 'pods'];
  return isWorkload(ref) && kind !== 'Pod' ? ['pods'] : [];
}

export type Verdict =
  // `steadyAt`: when the state becomes steady, milliseconds since the epoch; 0 if it already is.
  | { state: 'met'; object: KubernetesObject; steadyAt: number }
  | { state: 'pending'; detail: string }
  | { state: 'failed'; failure: PodFailure };

/** Whether an object has the wanted state; if not, describes its current state. */
export function judgeCondition(ref: ObjectRef, wanted: Wanted, seen: Neighbours): Verdict {
  const object = seen.own?.find(({ metadata }) => metadata?.name === ref.name && metadata.namespace === ref.namespace);
  if (wanted === 'gone')
    return object
      ? { state: 'pending', detail: describeState(object) }
      : { state: 'met', object: { ...ref }, steadyAt: 0 };
  if (!object) return { state: 'pending', detail: 'it does not exist' };
  const when = (met: boolean, detail: string, steadyAt = 0): Verdict =>
    met ? { state: 'met', object, steadyAt } : { state: 'pending', detail };
  if (wanted !== 'ready') {
    const met =
      'holds' in wanted ? wanted.holds(object) : conditionOf(object, wanted.condition)?.status === wanted.status;
    return when(met, describeState(object));
  }
  if (isKind(ref, '', 'Service')) return when(hasEndpoint(ref.name, seen), 'it has no ready pod');
  if (!isWorkload(ref)) return when(conditionOf(object, 'Ready')?.status === 'True', describeState(object));
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

/** An object's status in one line. */
export function describeState(object: KubernetesObject): string {
  const { phase, conditions = [] } = (object as { status?: V1PodStatus }).status ?? {};
  const conditionTexts = conditions.map(({ type, status, reason, message }) => {
    const why = [reason, message].filter(Boolean).join(': ');
    return `${type}=${status}${status === 'True' || why === '' ? '' : ` (${why})`}`;
  });
  const deletion = object.metadata?.deletionTimestamp === undefined ? [] : ['being deleted'];
  return (
    [...deletion, ...(phase === undefined ? [] : [phase]), ...conditionTexts].join(', ') ||
    'it exists, but its status is empty'
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
