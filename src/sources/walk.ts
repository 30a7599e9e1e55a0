import { createHash } from 'node:crypto';
import { constants, lstatSync, readdirSync, readlinkSync, Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { hashFile } from '../machine/hash-file.ts';
import { ifPresent } from '../machine/if-present.ts';
import type { IgnoreMatch, IgnoreRules } from '../patterns/dockerignore.ts';
import type { PreviousScan } from './previous-scan.ts';
import { RowBuilder, type RowKind, type Rows } from './rows.ts';

/**
 * Reads a build context as BuildKit would send it: everything that the ignore file does not
 * exclude. Directories that are excluded as a whole are not entered.
 * @returns the rows, and the device numbers of the directories
 */
export function walk(
  root: string,
  rules: IgnoreRules,
  previousScan: PreviousScan,
): { rows: Rows; devices: Set<number> } {
  const state: State = { root, rules, previousScan, rows: new RowBuilder(), devices: new Set() };
  enter(state, '', statSync(root), undefined); // the root itself may be a link

  return { rows: state.rows.finish(), devices: state.devices };
}

interface State {
  root: string;
  rules: IgnoreRules;
  previousScan: PreviousScan;
  rows: RowBuilder;
  devices: Set<number>;
}

/**
 * Reads a directory that may contain a part of the context.
 * @param stat from before the directory is read: entries added meanwhile give it another one
 * @param match the result of the ignore rules for the directory; undefined for the root
 * @returns whether it is in the context. An ignored directory is in the context, with its mode, if
 * anything in it is
 */
function enter(state: State, directory: string, stat: Stats, match: IgnoreMatch | undefined): boolean {
  state.devices.add(stat.dev);
  let isInContext = match?.ignored === false;
  for (const entry of ifPresent(() => readdirSync(join(state.root, directory), { withFileTypes: true })) ?? []) {
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
    const entryMatch = state.rules.match(path, match);
    if (entryMatch.ignored && !(entry.isDirectory() && state.rules.mayHoldExceptions(path))) continue;
    const entryStat = lstatSync(join(state.root, path), { throwIfNoEntry: false });
    // A directory may have been replaced by a file since it was listed, or a file by a directory.
    // Then the parent directory has another stamp too.
    const isIncluded = entryStat?.isDirectory()
      ? enter(state, path, entryStat, entryMatch)
      : !entryMatch.ignored && addFile(state, path, entryStat);
    isInContext ||= isIncluded;
  }
  addRow(state, directory, isInContext && directory !== '' ? 'directory' : 'entered', stat, undefined);
  return isInContext;
}

/** @returns whether the file exists */
function addFile(state: State, path: string, stat: Stats | undefined): boolean {
  if (!stat) {
    // A file whose name is not UTF-8 cannot be found by its name as text. No build succeeds with
    // it, so no image is fresh while it exists.
    if (!path.includes('\uFFFD')) return false;
    state.rows.add(path, 'special', NO_STAT, sha256('its name is not UTF-8'), undefined);
    return true;
  }
  const hash = state.previousScan.hash(path, stat) ?? ifPresent(() => contentOf(join(state.root, path), stat));
  if (!hash) return false; // deleted meanwhile
  addRow(state, path, stat.isFile() ? 'file' : stat.isSymbolicLink() ? 'link' : 'special', stat, hash);
  return true;
}

function contentOf(full: string, stat: Stats): Uint8Array {
  if (stat.isFile()) return hashFile(full, stat.size);
  if (stat.isSymbolicLink()) return sha256(readlinkSync(full, 'buffer'));
  // BuildKit sends pipes and devices unchanged, and a socket as an empty file.
  return sha256(`${stat.mode & constants.S_IFMT} ${stat.rdev}`);
}

function addRow(
  { rows, previousScan }: State,
  path: string,
  kind: RowKind,
  stat: Stats,
  hash: Uint8Array | undefined,
): void {
  rows.add(path, kind, stat, hash, previousScan.doubtedSince(path, stat));
}

/** A stamp that never compares as equal. */
const NO_STAT = Object.assign(Object.create(Stats.prototype) as Stats, {
  size: NaN,
  mtimeMs: NaN,
  ctimeMs: NaN,
  ino: NaN,
  mode: 0,
});

function sha256(content: string | Buffer): Uint8Array {
  return createHash('sha256').update(content).digest();
}
