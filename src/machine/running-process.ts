import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * The process that runs tests, as it stands on everything that they make: enough to prove later
 * that it is gone.
 */
export interface Owner {
  /** The machine's name and, where it has one, its lasting id. */
  host: string;
  /** The kernel's id of this boot; empty where the system has none. */
  boot: string;
  /**
   * The set of processes in which `pid` counts; a container has its own. Empty where the system has
   * none.
   */
  processes: string;
  pid: number;
  /**
   * Tells the process from a later one with the same number; empty where the system does not say.
   */
  started: string;
}

/** A process of this machine, told from a later one with the same number. */
export interface RunningProcess {
  pid: number;
  /** Empty where the system does not say. */
  started: string;
}

export function isAlive(process_: RunningProcess): boolean {
  try {
    process.kill(process_.pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EPERM') return true;
    return false;
  }
  return process_.started === startOf(process_.pid);
}

/**
 * When a process was started, in the kernel's own count: field 22 of /proc/<pid>/stat, after the
 * name in parentheses.
 */
export function startOf(pid: number): string {
  const stat = textOf(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

/** This process, in words that a later one can hold against what it sees. */
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
