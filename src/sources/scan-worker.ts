import { parentPort, workerData } from 'node:worker_threads';
import { lookAtNext, type SharedProgress } from './scan-chunks.ts';
import { TreeIndex } from './tree-index.ts';

/** What the thread that helps to look at a large tree is given. */
export interface Help {
  root: string;
  index: string;
  /** Which index it must be: another process may have written a new one since. */
  id: string;
  progress: SharedProgress;
}

const { root, index, id, progress } = workerData as Help;
const read = TreeIndex.read(index);
while (read?.id === id && lookAtNext(root, read.tree.rows, progress));
parentPort?.postMessage('done'); // whoever else looks at this tree takes the chunks that are left
