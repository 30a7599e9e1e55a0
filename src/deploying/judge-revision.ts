import type { V1DaemonSet, V1Pod, V1ReplicaSet, V1ReplicationController, V1StatefulSet } from '@kubernetes/client-node';
import { TEMPLATE_ANNOTATION } from '../core/labels.ts';

/** Whether a pod of a StatefulSet is of the version that was applied. */
export function isOfUpdate(pod: V1Pod, { status }: V1StatefulSet): boolean {
  return pod.metadata?.labels?.['controller-revision-hash'] === status?.updateRevision;
}

/** Whether the StatefulSet's partition keeps a pod as it is. */
export function staysBelowPartition(pod: V1Pod, { spec }: V1StatefulSet): boolean {
  const { type, rollingUpdate } = spec?.updateStrategy ?? {};
  const partition = rollingUpdate?.partition ?? 0;
  if (type === 'OnDelete' || partition === 0) return false;
  const ordinal = Number(/-(\d+)$/.exec(pod.metadata?.name ?? '')?.[1] ?? 0);
  return ordinal < (spec?.ordinals?.start ?? 0) + partition;
}

/** Whether a pod of a DaemonSet is of the version that was applied. */
export function isOfGeneration(pod: V1Pod, { metadata }: V1DaemonSet): boolean {
  // Counts changes of the pod template. `generation` also counts other changes, which replace no pod.
  const templates = metadata?.annotations?.['deprecated.daemonset.template.generation'];
  return pod.metadata?.labels?.['pod-template-generation'] === (templates ?? String(metadata?.generation));
}

/**
 * Whether a pod was made from the template that was applied. Kubernetes itself does not tell for a
 * ReplicaSet of its own, so the template has an annotation for it.
 */
export function isOfTemplate(pod: V1Pod, { spec }: V1ReplicaSet | V1ReplicationController): boolean {
  const wanted = spec?.template?.metadata?.annotations?.[TEMPLATE_ANNOTATION];
  return wanted === undefined || pod.metadata?.annotations?.[TEMPLATE_ANNOTATION] === wanted;
}
