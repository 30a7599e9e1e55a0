import type { KubernetesObject } from '@kubernetes/client-node';
import { TEST_ANNOTATIONS, TEST_LABELS } from '../core/labels.ts';
import type { Owner } from '../machine/running-process.ts';

/** What is known here and now about processes. */
export interface Present {
  project: string;
  /** The process that asks. */
  self: Owner;
  isAlive: (process: Pick<Owner, 'pid' | 'started'>) => boolean;
}

/**
 * The test namespaces whose run is proved to be dead. Whatever is not proved stays: another
 * project's, another machine's, those of processes that cannot be looked at from here, and what
 * bears no owner that can be read.
 */
export function orphanedNamespaces<T extends KubernetesObject>(namespaces: readonly T[], present: Present): T[] {
  return namespaces.filter(({ metadata }) => {
    if (metadata?.deletionTimestamp !== undefined || metadata?.labels?.[TEST_LABELS.project] !== present.project)
      return false;
    const owner = readOwner(metadata.annotations?.[TEST_ANNOTATIONS.owner]);
    return owner !== undefined && isGone(owner, present);
  });
}

function isGone(owner: Owner, { self, isAlive }: Present): boolean {
  if (owner.host !== self.host) return false;
  // The same machine after a restart, which no process has survived.
  if (owner.boot !== self.boot) return owner.boot !== '' && self.boot !== '';
  return owner.processes === self.processes && !isAlive(owner);
}

function readOwner(text: string | undefined): Owner | undefined {
  try {
    const owner = JSON.parse(text ?? '') as Partial<Owner>;
    const whole = [owner.host, owner.boot, owner.processes, owner.started].every((part) => typeof part === 'string');
    return whole && typeof owner.pid === 'number' ? (owner as Owner) : undefined;
  } catch {
    return undefined;
  }
}
