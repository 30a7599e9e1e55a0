import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { cacheDirectory } from './cache-directory.ts';
import { replaceFile } from './state-file.ts';

const BYTES = 32;

/**
 * The key with which this user's digests of secrets are made: without it, nobody can try out what a
 * digest was taken of. Made when it is first asked for; a lost one makes the images that were built
 * with secrets stale, and nothing worse. `HARNESS_SECRET_KEY` takes its place where several
 * machines shall agree on what is fresh.
 */
export function secretKey(env: NodeJS.ProcessEnv): Buffer {
  if (env['HARNESS_SECRET_KEY']) return Buffer.from(env['HARNESS_SECRET_KEY'], 'utf8');
  const path = cacheDirectory(env, 'secret-key');
  return readKey(path) ?? makeKey(path);
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
 * Of two processes that make one at the same time, the later wins, and the other's image is stale
 * once.
 */
function makeKey(path: string): Buffer {
  replaceFile(path, (file) => writeFileSync(file, randomBytes(BYTES)), 0o600);
  return readFileSync(path);
}
