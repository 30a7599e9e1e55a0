import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../machine/cache-directory.ts';
import { isAlive, startOf, type RunningProcess } from '../machine/running-process.ts';

/**
 * Creates a directory for one build, which is removed when disposed of. Each call gets its own, so
 * that builds do not affect each other. The state that lets an interrupted build continue is
 * elsewhere (Go's build cache, BuildKit's cache, the imported Debian image). Directories of killed
 * processes are removed, too.
 */
export async function openWorkDirectory(
  env: NodeJS.ProcessEnv,
  kind: string,
  digest: string,
): Promise<AsyncDisposable & { path: string }> {
  const parent = cacheDirectory(env, kind, digest.slice(0, 12));
  await mkdir(parent, { recursive: true, mode: 0o700 });
  for (const name of await readdir(parent)) {
    if (!isAlive(ownerOf(name))) await rm(join(parent, name), { recursive: true, force: true });
  }
  const random = Math.random().toString(36).slice(2, 8);
  const path = join(parent, `${process.pid}-${startOf(process.pid)}-${random}`);
  await mkdir(path, { recursive: true, mode: 0o700 });
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await rm(path, { recursive: true, force: true, maxRetries: 3 });
      await rmdir(parent).catch(() => undefined); // not empty: another build is running
    },
  };
}

/** The process in a directory's name: `<pid>-<start>-<random>`, or `<pid>-<random>` in old ones. */
function ownerOf(name: string): RunningProcess {
  const [pid, started, random] = name.split('-');
  return { pid: Number(pid), started: random === undefined ? undefined : started };
}
