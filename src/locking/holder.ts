import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { readOwner } from '../machine/judge-owner.ts';
import { thisProcess, type Owner } from '../machine/running-process.ts';

/** Who holds a lock: enough to name it to others, and to prove later that it has ended. */
export interface Holder {
  /** Random; no other holding of any lock has it. */
  token: string;
  owner: Owner;
  /** The name of the user. */
  user: string;
  /** What the holder does, such as `harness up`. */
  command: string;
  /** Since when, in ISO 8601. */
  since: string;
}

/** This process, as the holder of a lock. */
export function newHolder(command: string, now = new Date()): Holder {
  return { token: randomUUID(), owner: thisProcess(), user: userName(), command, since: now.toISOString() };
}

/**
 * Reads a holder that was stored as JSON.
 * @param self a holder that an older version stored has only a process id: it is one of this machine
 * @returns undefined if it is not a complete one
 */
export function readHolder(text: string | undefined, self: Owner): Holder | undefined {
  try {
    const stored = JSON.parse(text ?? '') as Partial<Holder> & { pid?: unknown; started?: unknown };
    const { token, user, command, since } = stored;
    if (typeof command !== 'string') return undefined;
    if (typeof stored.pid === 'number') {
      const started = typeof stored.started === 'string' ? stored.started : '';
      return { token: '', owner: { ...self, pid: stored.pid, started }, user: '', command, since: '' };
    }
    const owner = readOwner(JSON.stringify(stored.owner));
    const isComplete = owner && [token, user, since].every((field) => typeof field === 'string');
    return isComplete ? (stored as Holder) : undefined;
  } catch {
    return undefined;
  }
}

/** Names a holder to people. */
export function describeHolder({ command, owner, user, since }: Holder): string {
  const host = owner.host.split(' ')[0] ?? '';
  const more = user === '' ? '' : ` of ${user} on ${host}, since ${since.replace(/\.\d+Z$/, 'Z')}`;
  return `${command} (process ${owner.pid})${more}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`; // without an entry in the list of users
  }
}
