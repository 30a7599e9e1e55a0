import { join } from 'node:path';
import { cacheDirectory } from '../machine/cache-directory.ts';
import { takeLock } from '../machine/lock.ts';
import { readState, writeState } from '../machine/state-file.ts';

/** The build that uses the secrets. */
export interface SecretUser {
  env: NodeJS.ProcessEnv;
  signal: AbortSignal | undefined;
  image: string;
}

/** The last build with secrets in this process; the next one waits for it. */
let previous: Promise<unknown> = Promise.resolve();

/**
 * Runs a build with secrets. BuildKit's cache identifies a secret by its id only. It would return
 * results made with another value, and two builds at the same time would share a step. So builds
 * with secrets run one after another. They use the cache only if each id had the same value in the
 * last build on this machine, even if that build failed.
 * @param secrets the keyed digest of each secret
 */
export function withSecrets(
  secrets: Readonly<Record<string, string>>,
  user: SecretUser,
  build: (mayUseCache: boolean) => Promise<void>,
): Promise<void> {
  const current = previous.then(async () => {
    const release = await takeLock('secrets', `a build of ${user.image}`, {
      env: user.env,
      signal: user.signal,
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
  previous = current.catch(() => undefined);
  return current;
}
