import { lstatSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { HarnessError } from '../core/error.ts';
import { ifPresent } from '../machine/if-present.ts';
import { tryRun } from '../machine/process.ts';
import { isSafeDirectory, isTrusted, type Reader } from './judge-trust.ts';
import { topOfRepository } from './owner.ts';

/** Milliseconds. */
const GIT_TIMEOUT = 30_000;

/**
 * Refuses files and directories of other users, as git does: a configuration is run, and anybody may
 * put one into a common directory. A path that does not exist is accepted.
 * @throws HarnessError CONFIG
 */
export async function refuseOthersFiles(
  paths: readonly string[],
  env: NodeJS.ProcessEnv,
  reader: Reader = { uid: process.getuid?.(), sudoUid: env['SUDO_UID'] },
): Promise<void> {
  for (const path of paths) {
    const owner = foreignOwner(path, reader);
    if (owner === undefined || (await isSafe(path, env))) continue;
    const directory = safeDirectory(path);
    throw new HarnessError('CONFIG', `Refusing to use ${path}: it belongs to another user (id ${owner}).`, {
      next: `Use files of your own. If you trust these, run: git config --global --add safe.directory ${directory}`,
    });
  }
}

/** The owner of a path, or of what a link refers to, if it is not trusted. */
function foreignOwner(path: string, reader: Reader): number | undefined {
  const owners = [lstatSync, statSync].flatMap((stat) => ifPresent(() => stat(path))?.uid ?? []);
  return owners.find((owner) => !isTrusted(owner, reader));
}

async function isSafe(path: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  try {
    // Only what the user and the system configured: a repository cannot declare itself safe.
    const ask = ['git', '-C', '/', 'config', '--get-all', 'safe.directory'] as const;
    const { exitCode, stdout } = await tryRun([...ask], { baseEnv: env, timeout: GIT_TIMEOUT });
    return exitCode === 0 && isSafeDirectory(safeDirectory(path), stdout.replace(/\n$/, '').split('\n'));
  } catch {
    return false; // git is not installed
  }
}

/** What git calls the repository: its top, or the directory if there is none. */
function safeDirectory(path: string): string {
  const directory = ifPresent(() => realpathSync(dirname(path))) ?? dirname(path);
  return topOfRepository(directory) ?? directory;
}
