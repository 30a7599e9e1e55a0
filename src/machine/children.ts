import { startOf, type RunningProcess } from './running-process.ts';

/** The programs that this process has started and that still run. */
const children = new Map<number, RunningProcess>();
const listeners = new Set<(children: RunningProcess[]) => void>();

/** Notes that a program was started. @returns a function to call when it has ended */
export function childStarted(pid: number): () => void {
  children.set(pid, { pid, started: startOf(pid) });
  report();
  return () => {
    children.delete(pid);
    report();
  };
}

/**
 * Calls `listener` with all running programs, now and whenever one starts or ends.
 * @returns a function that stops this
 */
export function watchChildren(listener: (children: RunningProcess[]) => void): () => void {
  listeners.add(listener);
  if (children.size > 0) listener([...children.values()]);
  return () => listeners.delete(listener);
}

function report(): void {
  const running = [...children.values()];
  listeners.forEach((listener) => listener(running));
}
