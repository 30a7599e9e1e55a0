import { passesHostsOn } from './judge-frontend.ts';

/** What decides which results from before a rebuild a build may use. */
export interface RebuildUse {
  /** The name of the rebuild that this build is; undefined if it is an ordinary one. */
  current: string | undefined;
  /** The name of the last rebuild of this image; undefined if there was none. */
  last: string | undefined;
  dockerfile: string;
  /** The build arguments. `BUILDKIT_SYNTAX` chooses the frontend. */
  buildArgs: Readonly<Record<string, string>>;
}

/** How a build is kept from results that were made before a rebuild. */
export interface RebuildCache {
  /** Names for `/etc/hosts` of the build, in the form `name:address`. */
  extraHosts: string[];
  /** Whether BuildKit must be told to use no cache at all. */
  noCache: boolean;
}

/**
 * Makes the last rebuild of an image part of BuildKit's cache key, by a host name in each `RUN`. What
 * else a build does is keyed by content. BuildKit's own `--no-cache` would empty each cache mount
 * that the build uses, also for all other projects that use it. So it is only for frontends that
 * may ignore the host name.
 */
export function decideRebuild({ current, last, dockerfile, buildArgs }: RebuildUse): RebuildCache {
  if (!passesHostsOn(dockerfile, buildArgs)) return { extraHosts: [], noCache: current !== undefined };
  const name = current ?? last;
  return { extraHosts: name === undefined ? [] : [`${name}.rebuild.kind-harness.invalid:127.0.0.1`], noCache: false };
}
