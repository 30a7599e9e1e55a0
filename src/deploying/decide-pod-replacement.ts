import type { V1Pod } from '@kubernetes/client-node';
import { isReady } from './judge-pod.ts';
import { isOfGeneration, isOfTemplate, isOfUpdate, staysBelowPartition } from './judge-revision.ts';
import type { RolloutFacts, Workload, WorkloadKind } from './workload.ts';

/** A pod to delete, so that its controller makes one of the version that was applied. */
export interface Replacement {
  pod: V1Pod;
  /** Why Kubernetes does not do so itself; undefined if it would, but only when the pod is ready. */
  reason: string | undefined;
}

/**
 * The pods that must be deleted so that a rollout gets on:
 * - those of workloads that do not replace pods themselves;
 * - those that block a StatefulSet's rollout, because they belong to an earlier revision and are not
 *   ready. The controller waits for them to become ready before it replaces them, even if they
 *   never will. Source: "Forced rollback" in Kubernetes's documentation of StatefulSets.
 */
export function podsToReplace(workloads: readonly Workload[], facts: RolloutFacts): Replacement[] {
  return [
    ...statefulSets(workloads, facts),
    ...wanted(workloads, 'DaemonSet', facts.daemonSets).flatMap((set) => {
      if (set.spec?.updateStrategy?.type !== 'OnDelete' || !isObserved(set, set.status?.observedGeneration)) return [];
      return podsOf(set, facts)
        .filter((pod) => !isOfGeneration(pod, set))
        .map((pod) => ({ pod, reason: ON_DELETE }));
    }),
    ...[
      ...wanted(workloads, 'ReplicaSet', facts.replicaSets),
      ...wanted(workloads, 'ReplicationController', facts.replicationControllers ?? []),
    ].flatMap((set) => {
      if (!isObserved(set, set.status?.observedGeneration)) return [];
      const reason = 'a ReplicaSet of its own does not replace its pods';
      return podsOf(set, facts)
        .filter((pod) => !isOfTemplate(pod, set))
        .map((pod) => ({ pod, reason }));
    }),
  ];
}

const ON_DELETE = 'its update strategy is OnDelete';

function statefulSets(workloads: readonly Workload[], facts: RolloutFacts): Replacement[] {
  return wanted(workloads, 'StatefulSet', facts.statefulSets).flatMap((set): Replacement[] => {
    const { updateRevision, observedGeneration } = set.status ?? {};
    if (updateRevision === undefined || !isObserved(set, observedGeneration)) return [];
    const old = podsOf(set, facts).filter((pod) => !isOfUpdate(pod, set) && !staysBelowPartition(pod, set));
    if (set.spec?.updateStrategy?.type === 'OnDelete') return old.map((pod) => ({ pod, reason: ON_DELETE }));
    return old.filter((pod) => !isReady(pod)).map((pod) => ({ pod, reason: undefined }));
  });
}

interface Owner {
  metadata?: { name?: string; namespace?: string; uid?: string; generation?: number };
}

function wanted<T extends Owner>(workloads: readonly Workload[], kind: WorkloadKind, objects: readonly T[]): T[] {
  return objects.filter(({ metadata }) =>
    workloads.some(
      (workload) =>
        workload.kind === kind && workload.name === metadata?.name && workload.namespace === metadata.namespace,
    ),
  );
}

function podsOf({ metadata }: Owner, { pods }: RolloutFacts): V1Pod[] {
  return pods.filter(
    (pod) =>
      (pod.metadata?.ownerReferences ?? []).some(({ uid }) => uid === metadata?.uid) &&
      pod.metadata?.deletionTimestamp === undefined,
  );
}

function isObserved({ metadata }: Owner, observed = 0): boolean {
  return observed >= (metadata?.generation ?? 0);
}
