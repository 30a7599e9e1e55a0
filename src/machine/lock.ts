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

const LOOK_AGAIN_MS = 200;

/**
 * Takes a lock that all harness processes of this user share, so that two of them on one cluster
 * take turns. A lock whose holder is gone is taken over.
 * @param onWait called once with whom it waits for
 * @returns what gives the lock back
 */
export async function takeLock(
  name: string,
  command: string,
  options: { env: NodeJS.ProcessEnv; signal?: AbortSignal; onWait?: (holder: string) => void },
): Promise<() => void> {
  const directory = cacheDirectory(options.env, 'locks');
  mkdirSync(directory, { recursive: true });
  const path = join(directory, `${name}.lock`);
  const own = JSON.stringify({ pid: process.pid, started: startOf(process.pid), command } satisfies Holder);
  for (let told = false; ;) {
    if (tryWrite(path, own)) {
      const release = () => {
        if (readText(path) === own) rmSync(path, { force: true });
      };
      return release;
    }
    const text = readText(path);
    if (text === undefined) continue; // given back since
    const holder = parse(text);
    if (!holder || !isAlive(holder)) {
      removeStaleLock(path, text);
      continue;
    }
    if (holder.pid === process.pid) return () => undefined; // this process holds it further up
    if (!told) options.onWait?.(`${holder.command} (process ${holder.pid})`);
    told = true;
    if (options.signal?.aborted)
      throw new HarnessError('INTERRUPTED', 'Interrupted while waiting for another harness process.');
    await sleep(LOOK_AGAIN_MS);
  }
}

/** The lock appears whole or not at all: a link to a file that is complete already. */
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
 * Removes the lock of a holder that is gone. Another process may have done so and taken the lock
 * since: then it is put back.
 */
function removeStaleLock(path: string, text: string): void {
  const asidePath = `${path}.${process.pid}.old`;
  try {
    renameSync(path, asidePath);
    if (readText(asidePath) !== text) linkSync(asidePath, path);
  } catch {
    // another process was quicker
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
