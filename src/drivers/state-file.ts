import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Reads JSON of the harness's own; undefined when it is absent or damaged, which must never be worse than a slow start. */
export function readState<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

/** Writes a file whole and at once: another process sees the old or the new one, and a crash leaves the old. */
export function writeState(path: string, text: string, mode = 0o644): void {
  makeStateDirectory(dirname(path));
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text, { mode });
  renameSync(temporary, path);
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
