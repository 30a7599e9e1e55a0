import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { cacheDirectory } from './cache-directory.ts';
import { replaceFile } from './state-file.ts';

/** The variable that replaces the key. */
export const SECRET_KEY = 'HARNESS_SECRET_KEY';

const BYTES = 32;

/**
 * The key for this user's digests of secrets. Without it, a secret cannot be guessed from its
 * digest. It is created on first use. If it is lost, images that were built with secrets become
 * stale. `HARNESS_SECRET_KEY` replaces it if several machines must agree on what is fresh.
 */
export function secretKey(env: NodeJS.ProcessEnv): Buffer {
  const given = env[SECRET_KEY];
  if (given) return Buffer.from(given, 'utf8');
  const path = cacheDirectory(env, 'secret-key');
  return readKey(path) ?? createKey(path);
}

function readKey(path: string): Buffer | undefined {
  try {
    const key = readFileSync(path);
    return key.length === BYTES ? key : undefined;
  } catch {
    return undefined;
  }
}

/**
 * If two processes create a key at the same time, the later one wins. The image of the other one is
 * then stale once.
 */
function createKey(path: string): Buffer {
  replaceFile(path, (file) => writeFileSync(file, randomBytes(BYTES)), 0o600);
  return readFileSync(path);
}
