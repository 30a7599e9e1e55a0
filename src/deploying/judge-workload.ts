import type {
  V1ContainerStatus,
  V1DaemonSet,
  V1Deployment,
  V1EndpointSlice,
  V1Job,
  V1Pod,
  V1ReplicaSet,
  V1Service,
  V1StatefulSet,
} from '@kubernetes/client-node';
import { isFromBefore } from '../cluster/judge-health.ts';

/** What was applied and makes pods. */
export interface Workload {
  kind: 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'Job' | 'Pod';
  name: string;
  namespace: string;
}

/** The objects of the namespaces that something was deployed to. */
export interface RolloutFacts {
  deployments: V1Deployment[];
  statefulSets: V1StatefulSet[];
  daemonSets: V1DaemonSet[];
  jobs: V1Job[];
  replicaSets: V1ReplicaSet[];
  pods: V1Pod[];
  services: V1Service[];
  endpointSlices: V1EndpointSlice[];
  /** When each node was last started: what a pod says of an earlier time does not hold any more. */
  startedAt: Readonly<Record<string, number>>;
}

/** A pod that will not come up by waiting. */
export interface PodFailure {
  pod: string;
  namespace: string;
  container?: string;
  /** Kubernetes's own word, such as CrashLoopBackOff. */
  reason: string;
  message: string;
}

export type WorkloadState =
  { state: 'ready' } | { state: 'pending'; detail: string } | { state: 'failed'; failure: PodFailure };

/** Whether a workload runs as it was applied, with no pod of an earlier version left. */
export function judgeWorkload(workload: Workload, facts: RolloutFacts): WorkloadState {
  const { pods, detail, failure: end } = lookAt(workload, facts);
  if (end) return { state: 'failed', failure: end };
  const current = pods.filter((pod) => pod.current);
  for (const { pod } of current) {
    const failure = failureOf(pod, pods.length > current.length);
    if (failure) return { state: 'failed', failure };
  }
  if (detail !== undefined) return { state: 'pending', detail: `${workload.kind} ${workload.name}: ${detail}` };
  const old = pods.find(({ pod, current: isCurrent }) => !isCurrent || pod.metadata?.deletionTimestamp !== undefined);
  if (old)
    return {
      state: 'pending',
      detail: `${workload.kind} ${workload.name}: the earlier pod ${old.pod.metadata?.name} is ending`,
    };
  const stale = pods.find(({ pod }) => isFromBefore(pod, facts.startedAt));
  if (stale)
    return {
      state: 'pending',
      detail: `${workload.kind} ${workload.name}: the pod ${stale.pod.metadata?.name} has not been restarted`,
    };
  // The workload's own status may be older than its pods' is: after a restart its controller takes
  // some seconds to look again.
  const unready = pods.find(({ pod }) => !isReady(pod));
  if (unready)
    return {
      state: 'pending',
      detail: `${workload.kind} ${workload.name}: the pod ${unready.pod.metadata?.name} is not ready`,
    };
  return { state: 'ready' };
}

/** Whether Kubernetes calls a pod ready. */
export function isReady(pod: V1Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

interface Look {
  /** The workload's pods; `current` are those of the version that was applied. */
  pods: { pod: V1Pod; current: boolean }[];
  /** What is lacking by the workload's own status; undefined when nothing is. */
  detail: string | undefined;
  /** Why it has given up, if it has. */
  failure?: PodFailure;
}

function lookAt(workload: Workload, facts: RolloutFacts): Look {
  switch (workload.kind) {
    case 'Deployment':
      return lookAtDeployment(workload, facts);
    case 'StatefulSet':
      return lookAtStatefulSet(workload, facts);
    case 'DaemonSet':
      return lookAtDaemonSet(workload, facts);
    case 'Job':
      return lookAtJob(workload, facts);
    case 'Pod':
      return lookAtPod(workload, facts);
  }
}

function lookAtDeployment(workload: Workload, facts: RolloutFacts): Look {
  const deployment = named(facts.deployments, workload);
  if (!deployment) return absent();
  const revision = deployment.metadata?.annotations?.[REVISION];
  const sets = facts.replicaSets.filter((set) => isOwnedBy(set, deployment.metadata?.uid));
  const newest = sets.find((set) => set.metadata?.annotations?.[REVISION] === revision);
  const pods = facts.pods
    .filter((pod) => !isOver(pod) && sets.some((set) => isOwnedBy(pod, set.metadata?.uid)))
    .map((pod) => ({ pod, current: isOwnedBy(pod, newest?.metadata?.uid) }));
  const wanted = deployment.spec?.replicas ?? 1;
  const status = deployment.status ?? {};
  const detail = isObserved(deployment, status.observedGeneration)
    ? lacking(wanted, { updated: status.updatedReplicas, available: status.availableReplicas }, status.replicas)
    : 'not seen by its controller yet';
  // Before the controller has seen the change, the newest set is still the old one, and its pods'
  // failures are old news.
  return { pods: isObserved(deployment, status.observedGeneration) ? pods : [], detail };
}

const REVISION = 'deployment.kubernetes.io/revision';

function lookAtStatefulSet(workload: Workload, facts: RolloutFacts): Look {
  const set = named(facts.statefulSets, workload);
  if (!set) return absent();
  const status = set.status;
  if (!isObserved(set, status?.observedGeneration)) return { pods: [], detail: 'not seen by its controller yet' };
  const pods = ownedPods(
    facts,
    set.metadata?.uid,
    (pod) => pod.metadata?.labels?.['controller-revision-hash'] === status?.updateRevision,
  );
  // `updatedReplicas` is counted only while a roll-out is under way, so the pods themselves are
  // counted.
  const updated = pods.filter(({ current }) => current).length;
  return {
    pods,
    detail: lacking(set.spec?.replicas ?? 1, { updated, ready: status?.readyReplicas }, status?.replicas),
  };
}

function lookAtDaemonSet(workload: Workload, facts: RolloutFacts): Look {
  const set = named(facts.daemonSets, workload);
  if (!set) return absent();
  const status = set.status;
  if (!isObserved(set, status?.observedGeneration)) return { pods: [], detail: 'not seen by its controller yet' };
  const pods = ownedPods(
    facts,
    set.metadata?.uid,
    (pod) => pod.metadata?.labels?.['pod-template-generation'] === templateGeneration(set),
  );
  return {
    pods,
    detail: lacking(status?.desiredNumberScheduled ?? 0, {
      updated: status?.updatedNumberScheduled,
      available: status?.numberAvailable,
    }),
  };
}

/**
 * Counts changes of the pod template; `generation` also counts others, for which no pod is
 * replaced.
 */
function templateGeneration(set: V1DaemonSet): string {
  return set.metadata?.annotations?.['deprecated.daemonset.template.generation'] ?? String(set.metadata?.generation);
}

function lookAtJob(workload: Workload, facts: RolloutFacts): Look {
  const job = named(facts.jobs, workload);
  if (!job) return absent();
  const conditions = job.status?.conditions ?? [];
  if (conditions.some((condition) => condition.type === 'Complete' && condition.status === 'True'))
    return { pods: [], detail: undefined };
  const pods = ownedPods(facts, job.metadata?.uid, () => true);
  const given = conditions.find((condition) => condition.type === 'Failed' && condition.status === 'True');
  if (!given) return { pods, detail: 'not complete' };
  // Its pods may be gone by now; the events of the job itself then say most.
  const pod =
    facts.pods.findLast((candidate) => isOwnedBy(candidate, job.metadata?.uid))?.metadata?.name ?? workload.name;
  const failure = {
    pod,
    namespace: workload.namespace,
    reason: given.reason ?? 'Failed',
    message: given.message ?? 'the job failed',
  };
  return { pods, detail: undefined, failure };
}

/**
 * Whether a pod has come to an end: whatever made it has made another in its place, or will; only a
 * pod on its own ends for good.
 */
function isOver(pod: V1Pod): boolean {
  return pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
}

function lookAtPod(workload: Workload, facts: RolloutFacts): Look {
  const pod = named(facts.pods, workload);
  if (!pod) return absent();
  if (pod.status?.phase === 'Succeeded') return { pods: [], detail: undefined };
  return {
    pods: [{ pod, current: true }],
    detail: isReady(pod) ? undefined : `not ready (${pod.status?.phase ?? 'unknown'})`,
  };
}

function ownedPods(facts: RolloutFacts, owner: string | undefined, isCurrent: (pod: V1Pod) => boolean): Look['pods'] {
  return facts.pods
    .filter((pod) => !isOver(pod) && isOwnedBy(pod, owner))
    .map((pod) => ({ pod, current: isCurrent(pod) }));
}

function lacking(wanted: number, counts: Record<string, number | undefined>, all?: number): string | undefined {
  for (const [word, n] of Object.entries(counts)) if ((n ?? 0) < wanted) return `${n ?? 0} of ${wanted} ${word}`;
  return all !== undefined && all > wanted ? `${all - wanted} earlier pods are ending` : undefined;
}

function absent(): Look {
  return { pods: [], detail: 'not there yet' };
}

function named<T extends { metadata?: { name?: string; namespace?: string } }>(
  objects: T[],
  workload: Workload,
): T | undefined {
  return objects.find(
    (object) => object.metadata?.name === workload.name && object.metadata.namespace === workload.namespace,
  );
}

function isOwnedBy(object: { metadata?: { ownerReferences?: { uid: string }[] } }, owner: string | undefined): boolean {
  return owner !== undefined && (object.metadata?.ownerReferences ?? []).some((reference) => reference.uid === owner);
}

function isObserved(object: { metadata?: { generation?: number } }, observed: number | undefined): boolean {
  return (observed ?? 0) >= (object.metadata?.generation ?? 0);
}

/**
 * Waiting reasons that waiting does not mend. `ErrImagePull` is not among them: its second try is
 * called ImagePullBackOff.
 */
const HOPELESS = [
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'CrashLoopBackOff',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
];

/** Why a pod will not come up, if it will not. */
function failureOf(pod: V1Pod, othersLeaving: boolean): PodFailure | undefined {
  const where = { pod: pod.metadata?.name ?? '', namespace: pod.metadata?.namespace ?? '' };
  if (pod.metadata?.deletionTimestamp !== undefined) return undefined;
  const statuses: V1ContainerStatus[] = [
    ...(pod.status?.initContainerStatuses ?? []),
    ...(pod.status?.containerStatuses ?? []),
  ];
  for (const status of statuses) {
    const waiting = status.state?.waiting;
    if (waiting?.reason !== undefined && HOPELESS.includes(waiting.reason)) {
      return { ...where, container: status.name, reason: waiting.reason, message: waiting.message ?? '' };
    }
  }
  if (pod.status?.phase === 'Failed') {
    return {
      ...where,
      reason: pod.status.reason ?? 'Failed',
      message: pod.status.message ?? 'the pod ended with an error',
    };
  }
  const scheduled = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled');
  if (
    scheduled?.status === 'False' &&
    scheduled.reason === 'Unschedulable' &&
    !othersLeaving &&
    !mayStillFit(scheduled.message ?? '')
  ) {
    return { ...where, reason: 'Unschedulable', message: scheduled.message ?? '' };
  }
  return undefined;
}

/**
 * Volumes that are being provisioned and nodes that are coming up make a pod unschedulable for a
 * moment only.
 */
function mayStillFit(message: string): boolean {
  return /persistentvolumeclaim|unbound|volume|not-ready|unreachable|no nodes available/i.test(message);
}
