import type { DockerEngine } from '../docker/engine.ts';
import { takeLock } from '../locking/take-lock.ts';

/** The build that must run alone. */
export interface LoneBuild {
  engine: DockerEngine;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal | undefined;
  image: string;
  /** Told to the user: for whom it waits. */
  warn: (message: string) => void;
}

/** The last lone build in this process; the next one waits for it. */
let previous: Promise<unknown> = Promise.resolve();

/**
 * Runs a build while no other such build in this engine runs: BuildKit shares a step that two builds
 * need at the same time, even if they have other values for its secrets and use no cache.
 */
export function buildAlone({ engine, env, signal, image, warn }: LoneBuild, build: () => Promise<void>): Promise<void> {
  const current = previous.then(async () => {
    const lock = { name: '_secrets', what: 'the builder for images with secrets', engine };
    const { release } = await takeLock(lock, `a build of ${image}`, {
      env,
      signal,
      onWait: (holder) => warn(`image ${image} waits for ${holder}, because both build with changed secrets`),
    });
    try {
      await build();
    } finally {
      await release();
    }
  });
  previous = current.catch(() => undefined);
  return current;
}
