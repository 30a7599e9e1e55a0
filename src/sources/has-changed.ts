import { extname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { PackedRows } from './packed-rows.ts';
import { checkNext, newProgress, type SharedProgress } from './scan-chunks.ts';
import type { WorkerInput } from './scan-worker.ts';
import type { TreeIndex } from './tree-index.ts';

/** From this number of rows on, a second thread is worth its start-up time of 40 ms. */
const WORTH_A_THREAD = 30_000;

/**
 * Whether anything in a tree has changed since its index was written. Yields to other work between
 * chunks, so that answers from sockets are handled meanwhile.
 */
export async function hasChanged(root: string, index: TreeIndex): Promise<boolean> {
  const { rows } = index.tree;
  const progress = newProgress();
  const helper = rows.paths.length >= WORTH_A_THREAD ? await startHelper(root, index.packed, progress) : undefined;
  while (checkNext(root, rows, progress)) await setImmediate();
  if (Atomics.load(progress.busy, 0) > 0) await helper?.done;
  helper?.end();
  return Atomics.load(progress.changed, 0) === 1;
}

/** Starts a second thread. If it fails, the tree counts as changed and is walked. */
async function startHelper(
  root: string,
  rows: PackedRows,
  progress: SharedProgress,
): Promise<{ done: Promise<void>; end: () => void }> {
  const { Worker } = await import('node:worker_threads');
  // with the same extension as this file: source, compiled or bundled
  const file = new URL(`./scan-worker${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(file, {
    workerData: { root, rows, progress } satisfies WorkerInput,
  });
  const done = new Promise<void>((resolve) => {
    worker.once('message', () => resolve());
    worker.once('error', () => {
      Atomics.store(progress.changed, 0, 1);
      resolve();
    });
  });
  return { done, end: () => void worker.terminate() };
}
