import type { Owner } from './running-process.ts';

/** What this process knows about itself and others. */
export interface Observer {
  /** This process. */
  self: Owner;
  isAlive: (process: Pick<Owner, 'pid' | 'started'>) => boolean;
}

/**
 * Whether a process has certainly ended, is certainly running, or is not visible from here: it may
 * be on another machine or in another container.
 */
export function judgeOwner(owner: Owner, { self, isAlive }: Observer): 'alive' | 'dead' | 'unknown' {
  if (owner.host !== self.host) return 'unknown';
  // The machine was restarted since, and no process survives that.
  if (owner.boot !== self.boot) return owner.boot !== '' && self.boot !== '' ? 'dead' : 'unknown';
  if (owner.processes !== self.processes) return 'unknown';
  return isAlive(owner) ? 'alive' : 'dead';
}

/** No build takes as long. Milliseconds. */
const LONGEST_WORK = 24 * 3_600_000;

/**
 * Whether nobody works on something any more.
 * @param owner who made it; undefined if that is not on record
 * @param age milliseconds since its last change. It decides only where the owner cannot be seen
 */
export function isAbandoned(owner: Owner | undefined, age: number, observer: Observer): boolean {
  const state = owner === undefined ? 'unknown' : judgeOwner(owner, observer);
  return state === 'dead' || (state === 'unknown' && age > LONGEST_WORK);
}

/** Reads an owner that was stored as JSON; undefined if it is not a complete one. */
export function readOwner(text: string | undefined): Owner | undefined {
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
