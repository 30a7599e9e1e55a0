import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HarnessError } from '../core/error.ts';
import { cacheDirectory } from './cache-directory.ts';
import { isAlive, startOf, type RunningProcess } from './running-process.ts';

/** The content of a lock file. */
interface Holder extends RunningProcess {
  command: string;
}

const POLL_MS = 200;

/**
 * Takes a lock that all harness processes of this user share, so that two of them take turns on one
 * cluster. A lock whose holder has ended is taken over.
 * @param onWait called once, with the command and process that hold the lock
 * @returns a function that releases the lock
 * @throws HarnessError INTERRUPTED
 */
export async function takeLock(
  name: string,
  command: string,
  options: { env: NodeJS.ProcessEnv; signal?: AbortSignal | undefined; onWait?: (holder: string) => void },
): Promise<() => void> {
  const directory = cacheDirectory(options.env, 'locks');
  mkdirSync(directory, { recursive: true });
  const path = join(directory, `${name}.lock`);
  const own = JSON.stringify({ pid: process.pid, started: startOf(process.pid), command } satisfies Holder);
  for (let reported = false; ;) {
    if (tryWrite(path, own)) {
      const release = () => {
        if (readText(path) === own) rmSync(path, { force: true });
      };
      return release;
    }
    const text = readText(path);
    if (text === undefined) continue; // released meanwhile
    const holder = parse(text);
    if (!holder || !isAlive(holder)) {
      removeStaleLock(path, text);
      continue;
    }
    if (holder.pid === process.pid) return () => undefined; // this process already holds it
    if (!reported) options.onWait?.(`${holder.command} (process ${holder.pid})`);
    reported = true;
    if (options.signal?.aborted)
      throw new HarnessError('INTERRUPTED', 'Interrupted while waiting for another harness process.');
    await sleep(POLL_MS);
  }
}

/** Creates the lock as a link to a complete file, so that no other process sees half of it. */
function tryWrite(path: string, text: string): boolean {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text);
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/**
 * Removes the lock of a holder that has ended. If another process has done so and taken the lock
 * meanwhile, its lock is put back.
 */
function removeStaleLock(path: string, text: string): void {
  const asidePath = `${path}.${process.pid}.old`;
  try {
    renameSync(path, asidePath);
    if (readText(asidePath) !== text) linkSync(asidePath, path);
  } catch {
    // another process was faster
  } finally {
    rmSync(asidePath, { force: true });
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function parse(text: string): Holder | undefined {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    return undefined;
  }
}
