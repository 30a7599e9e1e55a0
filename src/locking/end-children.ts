import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { readChildren } from '../machine/children.ts';
import { judgeOwner, readOwner } from '../machine/judge-owner.ts';
import { isAlive, statOf, thisProcess, type RunningProcess } from '../machine/running-process.ts';

/** Milliseconds from SIGTERM to SIGKILL. */
const GRACE = 5_000;

/** Milliseconds for the kernel to end what was killed. */
const KILL_TIMEOUT = 5_000;

const POLL_MS = 20;

/** How to end the programs of a killed process. */
export interface EndOptions {
  /** Called with the names of the programs, before they are told to end. */
  onFound?: ((names: string[]) => void) | undefined;
  /** Milliseconds from SIGTERM to SIGKILL; for tests. */
  grace?: number;
}

/**
 * Ends the programs that a process left when it was killed, and what they started. The caller holds
 * the lock that the process held.
 * @param path the record of these programs; see `recordChildren`
 */
export async function endChildren(path: string, { onFound, grace = GRACE }: EndOptions = {}): Promise<void> {
  const left = leftChildren(path);
  if (left.length > 0) {
    onFound?.([...new Set(left.map(({ pid }) => statOf(pid).name))]);
    const all = withDescendants(left);
    signal(all, 'SIGTERM');
    await untilEnded(all, grace);
    const stubborn = withDescendants(all.filter(isAlive));
    signal(stubborn, 'SIGKILL');
    await untilEnded(stubborn, KILL_TIMEOUT);
  }
  rmSync(path, { force: true });
}

/** The programs of a record that still run, if its process has certainly ended. */
function leftChildren(path: string): RunningProcess[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return []; // there is none: the last holder gave the lock back
  }
  const { owner: line, children } = readChildren(text);
  const owner = readOwner(line);
  const self = thisProcess();
  if (!owner || judgeOwner(owner, { self, isAlive }) !== 'dead' || owner.boot !== self.boot) return [];
  return children.filter((child) => child.started !== '' && isAlive(child));
}

/** These processes and all that they started, as far as the system tells. */
function withDescendants(roots: readonly RunningProcess[]): RunningProcess[] {
  const others = processes();
  const found = new Map(roots.map((root) => [root.pid, root]));
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const { pid, parent, started } of others) {
      if (found.has(parent) && pid !== process.pid && !found.has(pid)) found.set(pid, { pid, started });
    }
  }
  return [...found.values()];
}

function processes(): { pid: number; parent: number; started: string }[] {
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return []; // this system has another way, and a program usually ends what it started
  }
  const pids = names.map(Number).filter((pid) => Number.isInteger(pid) && pid > 0);
  return pids.map((pid) => {
    const { parent, started } = statOf(pid);
    return { pid, parent: Number(parent || -1), started };
  });
}

function signal(processes: readonly RunningProcess[], name: NodeJS.Signals): void {
  for (const each of processes) {
    try {
      if (isAlive(each)) process.kill(each.pid, name);
    } catch {
      // it has just ended, or it is another user's
    }
  }
}

async function untilEnded(processes: readonly RunningProcess[], timeout: number): Promise<void> {
  for (const start = performance.now(); performance.now() - start < timeout;) {
    if (!processes.some(isAlive)) return;
    await sleep(POLL_MS);
  }
}
