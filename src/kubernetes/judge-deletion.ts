import type { KubernetesObject } from '@kubernetes/client-node';
import type { KubeObject } from './api.ts';

interface PodSpec {
  terminationGracePeriodSeconds?: number;
}

/** What Kubernetes gives a pod that does not say. */
const DEFAULT_GRACE_SECONDS = 30;

/** Kubernetes's own finalizers, which wait for the objects that belong to this one. */
const OWN_FINALIZERS = ['foregroundDeletion', 'orphan'];

/** Milliseconds that an object's pods get to end; 0 if it has none. */
export function graceOf(object: KubeObject): number {
  const spec = object['spec'] as (PodSpec & { template?: { spec?: PodSpec } }) | undefined;
  const pod = object.kind === 'Pod' ? spec : spec?.template?.spec;
  return pod === undefined ? 0 : (pod.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) * 1_000;
}

/** What an object that is being deleted waits for. */
export function pendingFinalizers({ metadata }: KubernetesObject): string {
  const finalizers = metadata?.finalizers ?? [];
  const others = finalizers.filter((name) => !OWN_FINALIZERS.includes(name));
  if (others.length > 0)
    return `its finalizer${others.length > 1 ? 's' : ''} ${others.join(', ')} did not end; the controller that set it must remove it`;
  return finalizers.length > 0 ? 'what belongs to it has not ended' : 'it has not ended';
}
