import { parentPort, workerData } from 'node:worker_threads';
import { checkNext, type SharedProgress } from './scan-chunks.ts';
import { TreeIndex } from './tree-index.ts';

/** The input of the thread that helps to check a large tree. */
export interface WorkerInput {
  root: string;
  index: string;
  /** The expected index. Another process may have written a new one meanwhile. */
  id: string;
  progress: SharedProgress;
}

const { root, index, id, progress } = workerData as WorkerInput;
const known = TreeIndex.read(index);
while (known?.id === id && checkNext(root, known.tree.rows, progress));
parentPort?.postMessage('done'); // the other thread takes the chunks that are left
