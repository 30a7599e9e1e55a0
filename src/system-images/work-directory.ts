import { readdirSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../machine/cache-directory.ts';
import { ifPresent } from '../machine/if-present.ts';
import { openOwnedDirectory, removeAbandoned } from '../machine/owned-directory.ts';

/** What is built in work directories. */
export const WORK_KINDS = ['node-image', 'registry', 'debian'] as const;

/**
 * Creates a directory for one build, which is removed when disposed of. Each call gets its own, so
 * that builds do not affect each other. The state that lets an interrupted build continue is
 * elsewhere (Go's build cache, BuildKit's cache, the imported Debian image). Directories of killed
 * processes are removed, too.
 */
export function openWorkDirectory(
  env: NodeJS.ProcessEnv,
  kind: (typeof WORK_KINDS)[number],
  digest: string,
): AsyncDisposable & { path: string } {
  const parent = cacheDirectory(env, kind, digest.slice(0, 12));
  const { path, remove } = openOwnedDirectory(parent, `${process.pid}-`);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      remove();
      await rmdir(parent).catch(() => undefined); // not empty: another build is running
    },
  };
}

/** Removes the directories of killed builds, of whatever image. */
export async function removeWorkDirectories(env: NodeJS.ProcessEnv): Promise<void> {
  for (const kind of WORK_KINDS) {
    const directory = cacheDirectory(env, kind);
    for (const { name } of ifPresent(() => readdirSync(directory, { withFileTypes: true })) ?? []) {
      removeAbandoned(join(directory, name));
      await rmdir(join(directory, name)).catch(() => undefined);
    }
  }
}
