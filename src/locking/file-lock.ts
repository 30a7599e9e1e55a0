import {
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { HarnessError, messageOf } from '../core/error.ts';
import { isAlive, thisProcess } from '../machine/running-process.ts';
import { readHolder, type Holder } from './holder.ts';
import { judgeHolder } from './judge-holder.ts';
import { ownTokens } from './own-tokens.ts';
import type { Attempt } from './turn.ts';

/** How often a holder shows that it works, by the time of its file. Milliseconds. */
const BEAT_MS = 5_000;

/** Milliseconds without a beat after which a holder that cannot be judged otherwise has ended. */
const EXPIRY_MS = 60_000;

/**
 * A lock that is a file, for all processes that share its directory. It exists only as a complete
 * file, so whatever else is in its place is removed.
 * @param expiry milliseconds; as `EXPIRY_MS`
 * @returns attempts to take it; see `Turn`
 */
export function fileLock(path: string, holder: Holder, expiry = EXPIRY_MS): () => Attempt {
  const text = JSON.stringify(holder);
  let seen: { beat: number; since: number } | undefined;
  const isExpired = (): boolean => {
    const beat = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const isFirst = seen?.beat !== beat;
    if (!seen || isFirst) seen = { beat, since: performance.now() };
    return !isFirst && performance.now() - seen.since >= expiry;
  };
  return () => {
    try {
      if (tryWrite(path, text)) return { release: held(path, text) };
      const found = readLock(path);
      if (isOver(found, isExpired) && removeLock(path, found, text) && tryWrite(path, text))
        return { release: held(path, text) };
      return { holder: found.holder, place: path };
    } catch (error) {
      if (!['EACCES', 'EPERM', 'EROFS', 'ENOTDIR'].includes(codeOf(error))) throw error;
      throw new HarnessError('LOCKED', `The lock ${path} cannot be used: ${messageOf(error)}.`, {
        next: 'Make the directory your own, or name another one for the cache with XDG_CACHE_HOME.',
        cause: error,
      });
    }
  };
}

/** What is in the place of a lock. */
interface FoundLock {
  /** Undefined if it could not be read. */
  text: string | undefined;
  /** Undefined if it names nobody. */
  holder: Holder | undefined;
  /** Whether another user's file could not be read, which is no sign of damage. */
  isForeign: boolean;
}

function readLock(path: string): FoundLock {
  try {
    const text = readFileSync(path, 'utf8');
    return { text, holder: readHolder(text, thisProcess()), isForeign: false };
  } catch (error) {
    const isForeign = ['EACCES', 'EPERM'].includes(codeOf(error));
    return { text: undefined, holder: undefined, isForeign };
  }
}

function isOver({ holder, isForeign }: FoundLock, isExpired: () => boolean): boolean {
  if (!holder) return !isForeign || isExpired();
  const state = judgeHolder(holder, { self: thisProcess(), isAlive, ownTokens });
  return state === 'dead' || (state === 'unknown' && isExpired());
}

function held(path: string, text: string): () => Promise<void> {
  const beat = setInterval(() => {
    try {
      utimesSync(path, new Date(), new Date());
    } catch {
      // somebody removed it, which the release sees
    }
  }, BEAT_MS).unref();
  return () => {
    clearInterval(beat);
    if (readLock(path).text === text) rmSync(path, { force: true });
    return Promise.resolve();
  };
}

/** Creates the lock as a link to a complete file, so that no other process sees half of it. */
function tryWrite(path: string, text: string): boolean {
  mkdirSync(dirname(path), { recursive: true });
  // Processes in two containers may have the same id.
  const temporary = `${path}.${process.pid}-${Math.random().toString(36).slice(2)}.tmp`;
  writeFileSync(temporary, text, { flag: 'wx' });
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/**
 * Removes a lock whose holder has ended. Only one process at a time does this, so that none removes
 * the lock that another one has taken meanwhile.
 * @returns whether it may be free now
 */
function removeLock(path: string, found: FoundLock, own: string): boolean {
  const guard = `${path}.takeover`;
  if (!tryWrite(guard, own)) {
    const other = readLock(guard);
    const age = Date.now() - (statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (!other.isForeign && isOver(other, () => Math.abs(age) >= EXPIRY_MS)) removeStrange(guard);
    return false;
  }
  try {
    const now = readLock(path);
    if (now.text !== found.text) return true; // it was released meanwhile
    return removeStrange(path);
  } finally {
    rmSync(guard, { force: true });
  }
}

/** Removes a file, or a directory that is empty; a full one is not ours and is put aside. */
function removeStrange(path: string): boolean {
  try {
    if (!lstatSync(path).isDirectory()) rmSync(path, { force: true });
    else removeDirectory(path);
    return true;
  } catch (error) {
    return codeOf(error) === 'ENOENT';
  }
}

function removeDirectory(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    renameSync(path, `${path}.${process.pid}-${Date.now()}.strange`);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
