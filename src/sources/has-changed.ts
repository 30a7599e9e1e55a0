import { extname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { lookAtNext, newProgress, type SharedProgress } from './scan-chunks.ts';
import type { Help } from './scan-worker.ts';
import type { TreeIndex } from './tree-index.ts';

/** From this many rows on a second thread is worth the 40 ms until it begins. */
const WORTH_A_THREAD = 30_000;

/**
 * Whether anything in a tree is not as it was when its index was written. Gives other work its turn
 * meanwhile: what was asked over a socket before is answered in the same time.
 */
export async function hasChanged(root: string, index: TreeIndex): Promise<boolean> {
  const { rows } = index.tree;
  const progress = newProgress();
  const helper = rows.paths.length >= WORTH_A_THREAD ? await startHelper(root, index, progress) : undefined;
  while (lookAtNext(root, rows, progress)) await setImmediate();
  if (Atomics.load(progress.busy, 0) > 0) await helper?.done;
  helper?.end();
  return Atomics.load(progress.moved, 0) === 1;
}

/** A thread for the other processor. When it fails, everything counts as moved, and is walked. */
async function startHelper(
  root: string,
  index: TreeIndex,
  progress: SharedProgress,
): Promise<{ done: Promise<void>; end: () => void }> {
  const { Worker } = await import('node:worker_threads');
  // as source, compiled or bundled, as this is
  const file = new URL(`./scan-worker${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(file, { workerData: { root, index: index.path, id: index.id, progress } satisfies Help });
  const done = new Promise<void>((resolve) => {
    worker.once('message', () => resolve());
    worker.once('error', () => {
      Atomics.store(progress.moved, 0, 1);
      resolve();
    });
  });
  return { done, end: () => void worker.terminate() };
}
