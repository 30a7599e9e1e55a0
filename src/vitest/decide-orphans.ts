import type { KubernetesObject } from '@kubernetes/client-node';
import { TEST_ANNOTATIONS, TEST_LABELS } from '../core/labels.ts';
import type { Owner } from '../machine/running-process.ts';

/** What this process knows about itself and others. */
export interface Observer {
  project: string;
  /** This process. */
  self: Owner;
  isAlive: (process: Pick<Owner, 'pid' | 'started'>) => boolean;
}

/**
 * The test namespaces whose run is certainly dead. All others stay: those of other projects and
 * other machines, those of processes that are not visible from here, and namespaces without a
 * readable owner.
 */
export function orphanedNamespaces<T extends KubernetesObject>(namespaces: readonly T[], observer: Observer): T[] {
  return namespaces.filter(({ metadata }) => {
    if (metadata?.deletionTimestamp !== undefined || metadata?.labels?.[TEST_LABELS.project] !== observer.project)
      return false;
    const owner = readOwner(metadata.annotations?.[TEST_ANNOTATIONS.owner]);
    return owner !== undefined && isDead(owner, observer);
  });
}

function isDead(owner: Owner, { self, isAlive }: Observer): boolean {
  if (owner.host !== self.host) return false;
  // The machine was restarted since, and no process survives that.
  if (owner.boot !== self.boot) return owner.boot !== '' && self.boot !== '';
  return owner.processes === self.processes && !isAlive(owner);
}

function readOwner(text: string | undefined): Owner | undefined {
  try {
    const owner = JSON.parse(text ?? '') as Partial<Owner>;
    const isComplete = [owner.host, owner.boot, owner.processes, owner.started].every(
      (field) => typeof field === 'string',
    );
    return isComplete && typeof owner.pid === 'number' ? (owner as Owner) : undefined;
  } catch {
    return undefined;
  }
}
