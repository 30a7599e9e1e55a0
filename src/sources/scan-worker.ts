import { parentPort, workerData } from 'node:worker_threads';
import { unpackRows, type PackedRows } from './packed-rows.ts';
import { checkNext, type SharedProgress } from './scan-chunks.ts';

/** The input of the thread that helps to check a large tree. */
export interface WorkerInput {
  root: string;
  /** In shared memory. */
  rows: PackedRows;
  progress: SharedProgress;
}

const { root, rows, progress } = workerData as WorkerInput;
const known = { ...unpackRows(rows), doubted: new Map<number, number>() };
while (checkNext(root, known, progress));
parentPort?.postMessage('done'); // the other thread takes the chunks that are left
