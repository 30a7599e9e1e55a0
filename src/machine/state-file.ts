import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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

/** Like `writeState`, for content that is written in parts. */
export function replaceFile(path: string, write: (file: number) => void, mode = 0o644): void {
  makeStateDirectory(dirname(path));
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = openSync(temporary, 'w', mode);
    try {
      write(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true }); // it may be what filled the disk
    throw error;
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
