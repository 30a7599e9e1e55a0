import type { DockerEngine } from '../docker/engine.ts';
import { takeLock } from '../locking/take-lock.ts';

/** Milliseconds that a process waits for another one that makes the same image. On a slow machine it may take this long. */
const PATIENCE = 60 * 60_000;

/** How an image is made by one process at a time. */
export interface Turn<T> {
  engine: DockerEngine;
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal | undefined;
  /** The kind of image, for the lock, such as `node-image`. */
  kind: string;
  /** Looks again once it is this process's turn: another one may have made the image meanwhile. */
  look: () => Promise<T | undefined>;
  make: () => Promise<T>;
  progress: (detail: string) => void;
}

/**
 * Makes an image unless another process makes it at the same time, which is waited for. Otherwise
 * two runs on a new machine would both compile it, and each would take twice as long.
 * @throws HarnessError LOCKED, INTERRUPTED, DOCKER_DOWN, and what `make` throws
 */
export async function makeInTurn<T>({ engine, env, signal, kind, look, make, progress }: Turn<T>): Promise<T> {
  const lock = { name: `_${kind}`, what: `the build of the image ${kind}`, engine };
  const { release } = await takeLock(lock, `a build of the image ${kind}`, {
    env,
    signal,
    timeout: PATIENCE,
    onWait: (holder) => progress(`waiting for ${holder}`),
  });
  try {
    return (await look()) ?? (await make());
  } finally {
    await release();
  }
}
