import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * The process that runs the tests, as recorded on everything they create. Enough to prove later
 * that it has ended.
 */
export interface Owner {
  /** The machine's name and, if it has one, its permanent id. */
  host: string;
  /** The kernel's id of this boot; empty if the system has none. */
  boot: string;
  /** The PID namespace of `pid`; a container has its own. Empty if the system has none. */
  processes: string;
  pid: number;
  /** Distinguishes the process from a later one with the same pid; empty if it is unknown. */
  started: string;
}

/** A process of this machine. */
export interface RunningProcess {
  pid: number;
  /** As in `Owner`. Without it, a later process with the same pid counts as this one. */
  started?: string | undefined;
}

/** Whether the process still runs. A later process with the same pid is another process. */
export function isAlive({ pid, started }: RunningProcess): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, as another user
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const { state, started: current } = statOf(pid);
  // A process that ended, but that its parent has not been told about, cannot do anything any more.
  if (state === 'Z' || state === 'X') return false;
  return !started || current === '' || started === current;
}

/** When a process was started, in the kernel's ticks. Empty if the system does not report it. */
export function startOf(pid: number): string {
  return statOf(pid).started;
}

/** What the system reports about a process; empty texts if it does not. */
export interface ProcessStat {
  name: string;
  /** A letter, such as `R` for running and `Z` for ended. */
  state: string;
  /** The id of the parent process. */
  parent: string;
  started: string;
}

/**
 * Reads /proc/<pid>/stat: the name in parentheses is field 2, the state 3, the parent 4, the start 22.
 */
export function statOf(pid: number): ProcessStat {
  const stat = textOf(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const end = stat.lastIndexOf(')');
  const fields = stat.slice(end + 2).split(' ');
  const [state = '', parent = ''] = fields;
  return { name: stat.slice(stat.indexOf('(') + 1, end), state, parent, started: fields[19] ?? '' };
}

/** This process, in a form that a later one can compare with what it finds. */
export function thisProcess(): Owner {
  return {
    host: `${hostname()} ${textOf(() => readFileSync('/etc/machine-id', 'utf8'))}`.trim(),
    boot: textOf(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
    processes: textOf(() => readlinkSync('/proc/self/ns/pid')),
    pid: process.pid,
    started: startOf(process.pid),
  };
}

function textOf(read: () => string): string {
  try {
    return read().trim();
  } catch {
    return ''; // not on this system
  }
}
