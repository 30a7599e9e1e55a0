import type { KubernetesObject } from '@kubernetes/client-node';
import { TEST_ANNOTATIONS, TEST_LABELS } from '../core/labels.ts';
import { judgeOwner, readOwner, type Observer } from '../machine/judge-owner.ts';

/**
 * The test namespaces whose run is certainly dead. All others stay: those of other projects and
 * other machines, those of processes that are not visible from here, and namespaces without a
 * readable owner.
 */
export function orphanedNamespaces<T extends KubernetesObject>(
  namespaces: readonly T[],
  observer: Observer & { project: string },
): T[] {
  return namespaces.filter(({ metadata }) => {
    if (metadata?.deletionTimestamp !== undefined || metadata?.labels?.[TEST_LABELS.project] !== observer.project)
      return false;
    const owner = readOwner(metadata.annotations?.[TEST_ANNOTATIONS.owner]);
    return owner !== undefined && judgeOwner(owner, observer) === 'dead';
  });
}
