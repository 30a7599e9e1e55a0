import { lstatSync } from 'node:fs';
import { isAsInRow, type StatRows } from './rows.ts';

/** Rows that are checked in one go. That takes a few milliseconds; other work runs in between. */
const CHUNK = 1_000;

/** The state that two threads share while they check a tree: numbers in shared memory. */
export interface SharedProgress {
  /** The next chunk that no thread has taken. */
  next: Int32Array;
  /** The number of threads that are checking a chunk. */
  busy: Int32Array;
  /** 1 if anything has changed or could not be read, else 0. */
  changed: Int32Array;
}

export function newProgress(): SharedProgress {
  const number = () => new Int32Array(new SharedArrayBuffer(4));
  return { next: number(), busy: number(), changed: number() };
}

/**
 * Takes the next chunk of rows, which other threads may do too, and checks whether its files have
 * changed.
 * @returns whether there may be more chunks
 */
export function checkNext(root: string, rows: StatRows, { next, busy, changed }: SharedProgress): boolean {
  // Before a chunk is taken: if no chunk is left and no thread is busy, all have been checked.
  Atomics.add(busy, 0, 1);
  const from = Atomics.add(next, 0, 1) * CHUNK;
  const isDone = from >= rows.paths.length || Atomics.load(changed, 0) === 1;
  if (!isDone && hasChanged(root, rows, from, Math.min(from + CHUNK, rows.paths.length))) Atomics.store(changed, 0, 1);
  Atomics.sub(busy, 0, 1);
  return !isDone;
}

function hasChanged(root: string, rows: StatRows, from: number, to: number): boolean {
  return rows.paths.slice(from, to).some((path, at) => {
    const stat = lstat(`${root}/${path}`);
    return !stat || !isAsInRow(rows, from + at, stat);
  });
}

function lstat(path: string) {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // the walk will report the error
  }
}
