import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { sha256 } from '../core/digest.ts';
import { dockerHost } from '../endpoint/host.ts';
import { cacheDirectory } from '../machine/cache-directory.ts';
import { readState, writeState } from '../machine/state-file.ts';

/*
 * A rebuild runs every step again, and later builds must not return to the results from before it.
 * So each rebuild has a name, which is part of BuildKit's cache key from then on. The last one is
 * remembered for each user, engine and image, and for each profile that changes the image: checkouts
 * of one project share their steps.
 */

/** An image that is rebuilt. */
interface Rebuilt {
  reference: string;
  /** The profile that changed its settings. */
  profile?: string | undefined;
}

/** The name of a new rebuild. */
export function newRebuild(): string {
  return randomBytes(16).toString('hex');
}

/** The last rebuild of an image that succeeded; undefined if there is none. */
export function lastRebuild(image: Rebuilt, env: NodeJS.ProcessEnv): string | undefined {
  const stored = readState<{ rebuild?: unknown }>(pathOf(image, env))?.rebuild;
  return typeof stored === 'string' && /^[0-9a-f]{32}$/.test(stored) ? stored : undefined;
}

/**
 * Remembers a rebuild. If that fails, because the disk is full or read-only, later builds may use
 * results from before it.
 */
export function rememberRebuild(image: Rebuilt, rebuild: string, env: NodeJS.ProcessEnv): void {
  try {
    writeState(pathOf(image, env), JSON.stringify({ reference: image.reference, rebuild }));
  } catch {
    // the image is as good without it
  }
}

function pathOf({ reference, profile }: Rebuilt, env: NodeJS.ProcessEnv): string {
  const suffix = profile === undefined ? '' : `\n${profile}`;
  const name = sha256(`${dockerHost(env) ?? ''}\n${reference}${suffix}`).slice(0, 32);
  return join(cacheDirectory(env, 'rebuilds'), `${name}.json`);
}
