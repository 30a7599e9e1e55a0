import { lstatSync } from 'node:fs';
import { isAsInRow, type StatRows } from './rows.ts';

/**
 * Rows that are looked at in one go: some milliseconds, so that others get their turn between them.
 */
const CHUNK = 1_000;

/** What two threads that share a tree have in common: numbers in shared memory. */
export interface SharedProgress {
  /** The next chunk that nobody has taken. */
  next: Int32Array;
  /** How many are at work on a chunk. */
  busy: Int32Array;
  /** Whether anything has moved, or could not be told: 1 if so. */
  moved: Int32Array;
}

export function newProgress(): SharedProgress {
  const number = () => new Int32Array(new SharedArrayBuffer(4));
  return { next: number(), busy: number(), moved: number() };
}

/**
 * Takes the next chunk of rows, in turn with whoever else works on them, and looks whether their
 * files are as they were.
 * @returns whether there may be more to look at
 */
export function lookAtNext(root: string, rows: StatRows, { next, busy, moved }: SharedProgress): boolean {
  // before a chunk is taken: whoever finds none left and nobody busy knows that all were looked at
  Atomics.add(busy, 0, 1);
  const from = Atomics.add(next, 0, 1) * CHUNK;
  const isOver = from >= rows.paths.length || Atomics.load(moved, 0) === 1;
  if (!isOver && hasChanged(root, rows, from, Math.min(from + CHUNK, rows.paths.length))) Atomics.store(moved, 0, 1);
  Atomics.sub(busy, 0, 1);
  return !isOver;
}

function hasChanged(root: string, rows: StatRows, from: number, to: number): boolean {
  for (let row = from; row < to; row++) {
    const stat = lstat(`${root}/${rows.paths[row]}`);
    if (!stat || !isAsInRow(rows, row, stat)) return true;
  }
  return false;
}

function lstat(path: string) {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // the walk will say what is wrong with it
  }
}
