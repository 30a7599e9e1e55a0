import { takeLock } from '../machine/lock.ts';

/** The build that must run alone. */
export interface LoneBuild {
  env: NodeJS.ProcessEnv;
  signal: AbortSignal | undefined;
  image: string;
}

/** The last lone build in this process; the next one waits for it. */
let previous: Promise<unknown> = Promise.resolve();

/**
 * Runs a build while no other such build of this user runs: BuildKit shares a step that two builds
 * need at the same time, even if they have other values for its secrets and use no cache.
 */
export function buildAlone({ env, signal, image }: LoneBuild, build: () => Promise<void>): Promise<void> {
  const current = previous.then(async () => {
    const release = await takeLock('secrets', `a build of ${image}`, { env, signal });
    try {
      await build();
    } finally {
      release();
    }
  });
  previous = current.catch(() => undefined);
  return current;
}
