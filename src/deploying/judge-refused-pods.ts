import type { CoreV1Event } from '@kubernetes/client-node';
import type { PodFailure, RolloutFacts, Workload } from './workload.ts';

/** Why the server may create the pod later: what it lacks is brought by controllers. */
const PASSES =
  /error looking up service account|status unknown for quota|being terminated|failed calling webhook|object has been modified/i;

/** Refusals that stay as they are: quota, policies, webhooks, invalid values. */
const REFUSED = /is forbidden|exceeded quota|denied the request|is invalid/i;

/** Event times are rounded down to whole seconds. */
const ROUNDING_MS = 1_000;

/**
 * Why the server refuses to create the pods of a workload, if it does. The workload itself is
 * accepted, and only its controller is told.
 */
export function refusedPod(workload: Workload, facts: RolloutFacts): PodFailure | undefined {
  const owners = ownersOf(workload, facts);
  const since = facts.patience?.since ?? Infinity;
  const event = (facts.refusedPods ?? []).findLast(
    (each) => owners.has(each.involvedObject.uid ?? '') && timeOf(each) >= since && isFinal(each.message ?? ''),
  );
  if (!event) return undefined;
  return {
    subject: `${workload.kind} ${workload.name}`,
    pod: event.involvedObject.name ?? workload.name,
    namespace: workload.namespace,
    reason: 'FailedCreate',
    message: event.message ?? '',
  };
}

function isFinal(message: string): boolean {
  return REFUSED.test(message) && !PASSES.test(message);
}

function timeOf({ lastTimestamp, eventTime, metadata }: CoreV1Event): number {
  const time = lastTimestamp ?? eventTime ?? metadata.creationTimestamp;
  return time === undefined ? 0 : new Date(time).getTime() + ROUNDING_MS;
}

/** The uids of what creates the pods of a workload: itself, or the ReplicaSets of a Deployment. */
function ownersOf({ kind, name, namespace }: Workload, facts: RolloutFacts): Set<string> {
  const own = [
    ...(kind === 'Deployment' ? facts.deployments : []),
    ...(kind === 'StatefulSet' ? facts.statefulSets : []),
    ...(kind === 'DaemonSet' ? facts.daemonSets : []),
    ...(kind === 'ReplicaSet' ? facts.replicaSets : []),
    ...(kind === 'ReplicationController' ? (facts.replicationControllers ?? []) : []),
    ...(kind === 'Job' ? facts.jobs : []),
  ].find(({ metadata }) => metadata?.name === name && metadata.namespace === namespace);
  const uid = own?.metadata?.uid;
  if (uid === undefined) return new Set();
  const sets = facts.replicaSets.filter((set) => set.metadata?.ownerReferences?.some((owner) => owner.uid === uid));
  return new Set([uid, ...sets.flatMap(({ metadata }) => metadata?.uid ?? [])]);
}
