import type { DockerEngine } from '../docker/engine.ts';
import { cacheDirectory } from '../machine/cache-directory.ts';
import { recordChildren } from '../machine/children.ts';
import { endChildren } from './end-children.ts';
import { EngineLock } from './engine-lock.ts';
import { fileLock } from './file-lock.ts';
import { newHolder } from './holder.ts';
import { ownTokens } from './own-tokens.ts';
import { Turn, type LockOptions, type Release } from './turn.ts';

/** What a lock protects. */
export interface Protected {
  /** The name of the lock: a cluster's, or one that no cluster can have because of an underscore. */
  name: string;
  /** For people, such as `cluster shop`. */
  what: string;
  /** The engine, if it is about something there: then all who use the engine are excluded. */
  engine?: DockerEngine | undefined;
}

export interface TakeOptions extends LockOptions {
  /** Called with the names of programs that a killed run left, before they are told to end. */
  onLeft?: ((names: string[]) => void) | undefined;
}

/** A lock that this process holds. */
export interface HeldLock {
  /** For `LOCKS_VARIABLE`. */
  token: string;
  release: Release;
}

/**
 * Takes a lock, so that harness processes take turns. A lock whose holder has ended is taken over,
 * after the programs that the holder left were ended.
 *
 * The file excludes the processes that share a cache directory; it works without an engine, and is
 * all that there is for what is not in an engine.
 * @param command what this process does, shown to those that wait
 * @throws HarnessError LOCKED, INTERRUPTED, DOCKER_DOWN
 */
export async function takeLock(
  { name, what, engine }: Protected,
  command: string,
  options: TakeOptions,
): Promise<HeldLock> {
  const path = (ending: string) => cacheDirectory(options.env, 'locks', `${name}.${ending}`);
  const holder = newHolder(command);
  const turn = new Turn(what, options);
  const releases: Release[] = [];
  const releaseAll = async () => {
    for (const release of releases.toReversed()) await release();
    ownTokens.delete(holder.token);
  };
  ownTokens.add(holder.token);
  try {
    releases.push(await turn.take(fileLock(path('lock'), holder)));
    // First, because the engine's lock may be taken over only when nothing works under it any more.
    await endChildren(path('children'), { onFound: options.onLeft });
    if (engine) {
      const lock = new EngineLock(engine, name, holder);
      releases.push(() => Promise.resolve(lock.giveUp()));
      releases.push(await turn.take(() => lock.attempt()));
    }
    const recorded = recordChildren(path('children'));
    releases.push(() => Promise.resolve(recorded()));
    return { token: holder.token, release: releaseAll };
  } catch (error) {
    await releaseAll();
    throw error;
  }
}
