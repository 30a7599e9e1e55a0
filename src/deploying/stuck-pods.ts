import type { V1Pod } from '@kubernetes/client-node';
import { kubeRequest, statusOf, type KubeAccess } from '../kubernetes/api.ts';
import { isReady } from './judge-pod.ts';
import type { RolloutFacts, Workload } from './workload.ts';

/**
 * The pods that keep a StatefulSet's roll-out from ever going on: of an earlier revision, and not
 * ready. Its controller waits for them to become ready before it replaces them, also when they
 * never will. Source: "Forced rollback" in Kubernetes's documentation of StatefulSets.
 */
export function stuckPods(workloads: readonly Workload[], facts: RolloutFacts): V1Pod[] {
  const wanted = workloads.filter(({ kind }) => kind === 'StatefulSet');
  const sets = facts.statefulSets.filter((set) =>
    wanted.some(({ name, namespace }) => set.metadata?.name === name && set.metadata.namespace === namespace),
  );
  return sets.flatMap((set) => {
    const { updateRevision, observedGeneration = 0 } = set.status ?? {};
    const rolling =
      set.spec?.updateStrategy?.type !== 'OnDelete' && (set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0) === 0;
    if (!rolling || updateRevision === undefined || observedGeneration < (set.metadata?.generation ?? 0)) return [];
    return facts.pods.filter(
      (pod) =>
        (pod.metadata?.ownerReferences ?? []).some(({ uid }) => uid === set.metadata?.uid) &&
        pod.metadata?.labels?.['controller-revision-hash'] !== updateRevision &&
        pod.metadata?.deletionTimestamp === undefined &&
        !isReady(pod),
    );
  });
}

/** Deletes one pod, and no later one of the same name. */
export async function deletePod(kube: KubeAccess, pod: V1Pod): Promise<void> {
  const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
  try {
    const body = { preconditions: { uid } };
    await kubeRequest(kube, 'DELETE', `/api/v1/namespaces/${namespace}/pods/${name}`, {
      contentType: 'application/json',
      body,
    });
  } catch (error) {
    const status = statusOf(error);
    if (status !== 404 && status !== 409) throw error; // gone already, or another one by now
  }
}
