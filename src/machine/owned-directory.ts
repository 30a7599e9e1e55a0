import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ifPresent } from './if-present.ts';
import { isAbandoned, readOwner, type Observer } from './judge-owner.ts';
import { isAlive, thisProcess } from './running-process.ts';
import { makeStateDirectory } from './state-file.ts';

const OWNER = '.owner';

/** A directory for the work of this process. */
export interface OwnedDirectory {
  path: string;
  remove: () => void;
}

/**
 * Creates a directory for the work of this process, and removes those beside it that killed processes
 * left. Containers may share the parent and number their processes alike, so the owner is written
 * down in full, before the directory is created.
 */
export function openOwnedDirectory(parent: string, prefix: string): OwnedDirectory {
  makeStateDirectory(parent);
  removeAbandoned(parent);
  const path = join(parent, `${prefix}${Math.random().toString(36).slice(2, 10)}`);
  writeFileSync(`${path}${OWNER}`, JSON.stringify(thisProcess()), { flag: 'wx' });
  mkdirSync(path, { mode: 0o700 });
  return { path, remove: () => removeOwned(path) };
}

/** Removes the directories of processes that have ended. */
export function removeAbandoned(parent: string, observer: Observer = { self: thisProcess(), isAlive }): void {
  const names = (ifPresent(() => readdirSync(parent)) ?? []).map((name) =>
    name.endsWith(OWNER) ? name.slice(0, -OWNER.length) : name,
  );
  for (const path of new Set(names.map((name) => join(parent, name)))) {
    const owner = readOwner(ifPresent(() => readFileSync(`${path}${OWNER}`, 'utf8')));
    if (isAbandoned(owner, ageOf([path, `${path}${OWNER}`]), observer)) removeOwned(path);
  }
}

function removeOwned(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  rmSync(`${path}${OWNER}`, { force: true });
}

/** Milliseconds since the latest change of one of these paths. */
function ageOf(paths: readonly string[]): number {
  const times = paths.flatMap((path) => ifPresent(() => statSync(path).mtimeMs) ?? []);
  return Date.now() - Math.max(0, ...times);
}
