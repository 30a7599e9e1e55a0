import type { KubeObject } from '../kubernetes/api.ts';
import { isWorkload, type Workload } from './workload.ts';

/** What to wait for after these objects were applied. */
export interface Rollout {
  workloads: Workload[];
  /** Whether a container of them has no readiness probe: "ready" then only means that it was started. */
  unprobed: boolean;
}

/** @param namespace for objects that name none */
export function rolloutOf(objects: readonly KubeObject[], namespace: string): Rollout {
  const workloads = objects.flatMap((object): Workload[] => {
    if (!isWorkload(object)) return [];
    const { kind, metadata, spec } = object;
    const ttl = (spec as { ttlSecondsAfterFinished?: number } | undefined)?.ttlSecondsAfterFinished;
    const workload = { kind, name: metadata.name, namespace: metadata.namespace ?? namespace };
    return [kind === 'Job' && ttl !== undefined ? { ...workload, deletesItself: true } : workload];
  });
  const unprobed = objects.some((object) => isWorkload(object) && object.kind !== 'Job' && hasUnprobed(object));
  return { workloads, unprobed };
}

/** Whether a workload has a container for which "ready" only means that it was started. */
function hasUnprobed(object: KubeObject): boolean {
  type Spec = { template?: { spec?: Spec }; containers?: { readinessProbe?: unknown }[] } | undefined;
  const spec = object['spec'] as Spec;
  const { containers = [] } = (object.kind === 'Pod' ? spec : spec?.template?.spec) ?? {};
  return containers.some(({ readinessProbe }) => readinessProbe === undefined);
}
