import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Reads JSON of the harness's own; undefined when it is absent or damaged, which must never be
 * worse than a slow start.
 */
export function readState<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

/**
 * Writes a file whole and at once: another process sees the old or the new one, and a crash leaves
 * the old.
 */
export function writeState(path: string, text: string, mode = 0o644): void {
  replaceFile(path, (file) => writeFileSync(file, text), mode);
}

/** As `writeState`, for what is written in parts. */
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
    rmSync(temporary, { force: true }); // half of it may be what filled the disk
    throw error;
  }
}
/** Makes a directory of the harness's own; the state directory keeps itself out of git. */
export function makeStateDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true });
  const state = /^(.*[/\\]\.harness)(?:[/\\]|$)/.exec(directory)?.[1];
  if (state === undefined) return;
  try {
    writeFileSync(join(state, '.gitignore'), '*\n', { flag: 'wx' });
  } catch {
    // it is there already
  }
}

/** Removes a file, if it is there. */
export function removeState(path: string): void {
  rmSync(path, { force: true });
}
