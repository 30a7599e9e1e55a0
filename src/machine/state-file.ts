import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Reads a JSON file of the harness; undefined if it is missing or damaged. That must never be worse
 * than a slow start.
 */
export function readState<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

/**
 * Replaces a file atomically: another process sees the old or the new one, and a crash leaves the
 * old one.
 */
export function writeState(path: string, text: string, mode = 0o644): void {
  replaceFile(path, (file) => writeFileSync(file, text), mode);
}

/**
 * Like `writeState`, for what must still be there after a power cut: what was built, created or
 * deployed. That takes some milliseconds, so it is not for what can be computed again.
 */
export function writeDurably(path: string, text: string, mode = 0o644): void {
  replaceFile(path, (file) => writeFileSync(file, text), mode, true);
}

/**
 * Like `writeState`, for content that is written in parts.
 * @param isDurable as with `writeDurably`
 */
export function replaceFile(path: string, write: (file: number) => void, mode = 0o644, isDurable = false): void {
  makeStateDirectory(dirname(path));
  // Processes in two containers may have the same id.
  const temporary = `${path}.${process.pid}-${Math.random().toString(36).slice(2)}.tmp`;
  try {
    const file = openSync(temporary, 'wx', mode);
    try {
      write(file);
      if (isDurable) fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    if (isDurable) syncDirectory(dirname(path));
  } catch (error) {
    rmSync(temporary, { force: true }); // it may be what filled the disk
    throw error;
  }
}

/** Makes a renaming in a directory durable. Not every file system can. */
function syncDirectory(directory: string): void {
  try {
    const handle = openSync(directory, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch {
    // the file itself is safe
  }
}

/** Creates a directory for files of the harness. A `.gitignore` keeps `.harness` out of git. */
export function makeStateDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true });
  const state = /^(.*[/\\]\.harness)(?:[/\\]|$)/.exec(directory)?.[1];
  if (state === undefined) return;
  try {
    writeFileSync(join(state, '.gitignore'), '*\n', { flag: 'wx' });
  } catch {
    // it exists already
  }
}

/** Removes a file, if it exists. */
export function removeState(path: string): void {
  rmSync(path, { force: true });
}
