import type { V1Pod } from '@kubernetes/client-node';
import { isReady } from './judge-pod.ts';
import type { RolloutFacts, Workload } from './workload.ts';

/**
 * The pods that block a StatefulSet's rollout: they belong to an earlier revision and are not
 * ready. The controller waits for them to become ready before it replaces them, even if they never
 * will. Source: "Forced rollback" in Kubernetes's documentation of StatefulSets.
 */
export function stuckPods(workloads: readonly Workload[], facts: RolloutFacts): V1Pod[] {
  const wanted = workloads.filter(({ kind }) => kind === 'StatefulSet');
  const sets = facts.statefulSets.filter(({ metadata }) =>
    wanted.some(({ name, namespace }) => metadata?.name === name && metadata.namespace === namespace),
  );
  return sets.flatMap(({ metadata, spec, status }) => {
    const { updateRevision, observedGeneration = 0 } = status ?? {};
    const { type, rollingUpdate } = spec?.updateStrategy ?? {};
    const isRolling = type !== 'OnDelete' && (rollingUpdate?.partition ?? 0) === 0;
    if (!isRolling || updateRevision === undefined || observedGeneration < (metadata?.generation ?? 0)) return [];
    return facts.pods.filter(
      (pod) =>
        (pod.metadata?.ownerReferences ?? []).some(({ uid }) => uid === metadata?.uid) &&
        pod.metadata?.labels?.['controller-revision-hash'] !== updateRevision &&
        pod.metadata?.deletionTimestamp === undefined &&
        !isReady(pod),
    );
  });
}
