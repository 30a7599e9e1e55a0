import type { V1Pod, V1ReplicaSet, V1ReplicationController } from '@kubernetes/client-node';
import { isReady } from './judge-pod.ts';
import { isOfGeneration, isOfTemplate, isOfUpdate, staysBelowPartition } from './judge-revision.ts';
import type { PodFailure, RolloutFacts, Workload } from './workload.ts';

/** What a workload's own status and its pods show. */
export interface WorkloadStatus {
  /** The workload's pods; `current` are those of the version that was applied. */
  pods: { pod: V1Pod; current: boolean }[];
  /** What is missing according to the workload's own status; undefined when nothing is. */
  detail: string | undefined;
  /** Why the workload has given up, if it has. */
  failure?: PodFailure;
  /** What the user may not expect of it. */
  remark?: string;
}

/** Reads a workload's status; each kind reports it differently. */
export function workloadStatus(workload: Workload, facts: RolloutFacts): WorkloadStatus {
  switch (workload.kind) {
    case 'Deployment':
      return deploymentStatus(workload, facts);
    case 'StatefulSet':
      return statefulSetStatus(workload, facts);
    case 'DaemonSet':
      return daemonSetStatus(workload, facts);
    case 'ReplicaSet':
      return replicaSetStatus(find(facts.replicaSets, workload), facts);
    case 'ReplicationController':
      return replicaSetStatus(find(facts.replicationControllers ?? [], workload), facts);
    case 'Job':
      return jobStatus(workload, facts);
    case 'Pod':
      return podStatus(workload, facts);
  }
}

const ABSENT: WorkloadStatus = { pods: [], detail: 'does not exist yet' };
const NOT_OBSERVED = 'not seen by its controller yet';
const REVISION = 'deployment.kubernetes.io/revision';

function deploymentStatus(workload: Workload, facts: RolloutFacts): WorkloadStatus {
  const deployment = find(facts.deployments, workload);
  if (!deployment) return ABSENT;
  const status = deployment.status ?? {};
  // Before the controller has seen the change, the newest set is still the old one, and failures of
  // its pods are out of date.
  if (!isObserved(deployment, status.observedGeneration)) return { pods: [], detail: NOT_OBSERVED };
  const revision = deployment.metadata?.annotations?.[REVISION];
  const sets = facts.replicaSets.filter((set) => isOwnedBy(set, deployment.metadata?.uid));
  const newest = sets.find((set) => set.metadata?.annotations?.[REVISION] === revision);
  const pods = facts.pods
    .filter((pod) => !hasEnded(pod) && sets.some((set) => isOwnedBy(pod, set.metadata?.uid)))
    .map((pod) => ({ pod, current: isOwnedBy(pod, newest?.metadata?.uid) }));
  if (deployment.spec?.paused === true)
    return { pods: [], detail: undefined, remark: `Deployment ${workload.name} is paused: its pods stay as they are` };
  const counts = { updated: status.updatedReplicas, available: status.availableReplicas };
  return { pods, detail: missing(deployment.spec?.replicas ?? 1, counts, status.replicas) };
}

function statefulSetStatus(workload: Workload, facts: RolloutFacts): WorkloadStatus {
  const set = find(facts.statefulSets, workload);
  if (!set) return ABSENT;
  const status = set.status;
  if (!isObserved(set, status?.observedGeneration)) return { pods: [], detail: NOT_OBSERVED };
  const isCurrent = (pod: V1Pod) => isOfUpdate(pod, set) || staysBelowPartition(pod, set);
  const pods = ownedPods(facts, set.metadata?.uid, isCurrent);
  // Kubernetes maintains `updatedReplicas` only during a rollout, so count the pods themselves.
  const updated = pods.filter(({ current }) => current).length;
  const counts = { updated, ready: status?.readyReplicas };
  const detail = missing(set.spec?.replicas ?? 1, counts, status?.replicas);
  if (!pods.some(({ pod }) => !isOfUpdate(pod, set) && staysBelowPartition(pod, set))) return { pods, detail };
  const partition = set.spec?.updateStrategy?.rollingUpdate?.partition;
  return {
    pods,
    detail,
    remark: `StatefulSet ${workload.name}: pods below its partition (${partition}) stay as they are`,
  };
}

/** Of a ReplicaSet that no Deployment made, or of a ReplicationController. */
function replicaSetStatus(
  set: V1ReplicaSet | V1ReplicationController | undefined,
  facts: RolloutFacts,
): WorkloadStatus {
  if (!set) return ABSENT;
  const { status } = set;
  if (!isObserved(set, status?.observedGeneration)) return { pods: [], detail: NOT_OBSERVED };
  const pods = ownedPods(facts, set.metadata?.uid, (pod) => isOfTemplate(pod, set));
  const updated = pods.filter(({ current }) => current).length;
  const counts = { updated, available: status?.availableReplicas };
  return { pods, detail: missing(set.spec?.replicas ?? 1, counts, status?.replicas) };
}

function daemonSetStatus(workload: Workload, facts: RolloutFacts): WorkloadStatus {
  const set = find(facts.daemonSets, workload);
  if (!set) return ABSENT;
  const status = set.status;
  if (!isObserved(set, status?.observedGeneration)) return { pods: [], detail: NOT_OBSERVED };
  const isCurrent = (pod: V1Pod) => isOfGeneration(pod, set);
  const counts = { updated: status?.updatedNumberScheduled, available: status?.numberAvailable };
  return {
    pods: ownedPods(facts, set.metadata?.uid, isCurrent),
    detail: missing(status?.desiredNumberScheduled ?? 0, counts),
  };
}

function jobStatus(workload: Workload, facts: RolloutFacts): WorkloadStatus {
  const job = find(facts.jobs, workload);
  if (!job) return workload.deletesItself ? { pods: [], detail: undefined } : ABSENT;
  if (job.spec?.suspend === true)
    return { pods: [], detail: undefined, remark: `Job ${workload.name} is suspended: it does not run` };
  const conditions = job.status?.conditions ?? [];
  const condition = (type: string) => conditions.find((each) => each.type === type && each.status === 'True');
  if (condition('Complete')) return { pods: [], detail: undefined };
  const pods = ownedPods(facts, job.metadata?.uid, () => true);
  const failed = condition('Failed');
  if (!failed) return { pods, detail: 'not complete' };
  // Its pods may be deleted by now; then the events of the job itself explain most.
  const lastPod = facts.pods.findLast((pod) => isOwnedBy(pod, job.metadata?.uid));
  const failure = {
    pod: lastPod?.metadata?.name ?? workload.name,
    namespace: workload.namespace,
    reason: failed.reason ?? 'Failed',
    message: failed.message ?? 'the job failed',
  };
  return { pods, detail: undefined, failure };
}

function podStatus(workload: Workload, facts: RolloutFacts): WorkloadStatus {
  const pod = find(facts.pods, workload);
  if (!pod) return ABSENT;
  if (pod.status?.phase === 'Succeeded') return { pods: [], detail: undefined };
  const detail = isReady(pod) ? undefined : `not ready (${pod.status?.phase ?? 'unknown'})`;
  return { pods: [{ pod, current: true }], detail };
}

/** Pods that have not ended. */
function ownedPods(
  facts: RolloutFacts,
  owner: string | undefined,
  isCurrent: (pod: V1Pod) => boolean,
): WorkloadStatus['pods'] {
  return facts.pods
    .filter((pod) => !hasEnded(pod) && isOwnedBy(pod, owner))
    .map((pod) => ({ pod, current: isCurrent(pod) }));
}

/** Whether a pod has ended. Its controller replaces it; a pod without a controller stays ended. */
function hasEnded(pod: V1Pod): boolean {
  return pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
}

function missing(wanted: number, counts: Record<string, number | undefined>, all?: number): string | undefined {
  for (const [adjective, n = 0] of Object.entries(counts)) if (n < wanted) return `${n} of ${wanted} ${adjective}`;
  return all !== undefined && all > wanted ? `${all - wanted} earlier pods are ending` : undefined;
}

function find<T extends { metadata?: { name?: string; namespace?: string } }>(
  objects: T[],
  { name, namespace }: Workload,
): T | undefined {
  return objects.find(({ metadata }) => metadata?.name === name && metadata.namespace === namespace);
}

function isOwnedBy(object: { metadata?: { ownerReferences?: { uid: string }[] } }, owner: string | undefined): boolean {
  return owner !== undefined && (object.metadata?.ownerReferences ?? []).some((reference) => reference.uid === owner);
}

/** Whether the controller has seen the latest change of the object. */
function isObserved(object: { metadata?: { generation?: number } }, observed: number | undefined): boolean {
  return (observed ?? 0) >= (object.metadata?.generation ?? 0);
}
