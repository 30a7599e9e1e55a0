import { join } from 'node:path';
import { cacheDirectory } from '../machine/cache-directory.ts';
import { takeLock } from '../machine/lock.ts';
import { readState, writeState } from '../machine/state-file.ts';

/** For whom a build with secrets runs. */
export interface SecretUser {
  env: NodeJS.ProcessEnv;
  signal: AbortSignal | undefined;
  image: string;
}

/** Builds with secrets, one after the other. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * Runs a build with secrets. BuildKit's cache knows a secret by its id only: it would give back
 * what was made with another value, and of two builds at the same time it would run a step that
 * both have only once. So they take turns, and the cache may be used only if each id had the same
 * value in the last build on this machine, whatever became of that.
 * @param secrets the keyed digest of each
 */
export function withSecrets(
  secrets: Readonly<Record<string, string>>,
  user: SecretUser,
  build: (mayUseCache: boolean) => Promise<void>,
): Promise<void> {
  const mine = turn.then(async () => {
    const release = await takeLock('secrets', `a build of ${user.image}`, {
      env: user.env,
      ...(user.signal ? { signal: user.signal } : {}),
    });
    try {
      const path = join(cacheDirectory(user.env), 'secrets-built.json');
      const last = readState<Record<string, string>>(path) ?? {};
      writeState(path, JSON.stringify({ ...last, ...secrets }), 0o600);
      await build(Object.entries(secrets).every(([id, digest]) => last[id] === digest));
    } finally {
      release();
    }
  });
  turn = mine.catch(() => undefined);
  return mine;
}
