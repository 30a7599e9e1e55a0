import { createHash } from 'node:crypto';
import { constants, lstatSync, readdirSync, readlinkSync, Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { hashFile } from '../machine/hash-file.ts';
import { ifPresent } from '../machine/if-present.ts';
import type { IgnoreMatch, IgnoreRules } from './dockerignore.ts';
import type { PreviousScan } from './previous-scan.ts';
import { RowBuilder, type RowKind, type Rows } from './rows.ts';

/**
 * Reads a build context as BuildKit would send it: everything that the ignore file lets through.
 * Directories that are left out whole are not entered.
 * @returns the rows, and the file systems that its directories lie on
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
 * Reads a directory that may hold something of the context.
 * @param stat as it was before this: what comes or goes while it is read gives it another one
 * @param standing its own; undefined for the root
 * @returns whether it is in the context: an ignored one comes along, with its mode, as soon as
 * anything in it does
 */
function enter(state: State, directory: string, stat: Stats, standing: IgnoreMatch | undefined): boolean {
  state.devices.add(stat.dev);
  let counts = standing?.ignored === false;
  for (const entry of ifPresent(() => readdirSync(join(state.root, directory), { withFileTypes: true })) ?? []) {
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
    const own = state.rules.match(path, standing);
    if (own.ignored && !(entry.isDirectory() && state.rules.mayHoldExceptions(path))) continue;
    const found = lstatSync(join(state.root, path), { throwIfNoEntry: false });
    // A directory may have become a file since it was listed, and the other way round: then its
    // directory has another stamp, too.
    const isIn = found?.isDirectory() ? enter(state, path, found, own) : !own.ignored && addFile(state, path, found);
    counts ||= isIn;
  }
  addRow(state, directory, counts && directory !== '' ? 'directory' : 'entered', stat, undefined);
  return counts;
}

/** @returns whether it is there */
function addFile(state: State, path: string, stat: Stats | undefined): boolean {
  if (!stat) {
    // Such a name cannot be asked for as text. No build succeeds with it, so no image is fresh
    // beside it, either.
    if (!path.includes('\uFFFD')) return false;
    state.rows.add(path, 'special', NO_STAT, sha256('its name is not UTF-8'), undefined);
    return true;
  }
  const hash = state.previousScan.hash(path, stat) ?? ifPresent(() => contentOf(join(state.root, path), stat));
  if (!hash) return false; // it went away since
  addRow(state, path, stat.isFile() ? 'file' : stat.isSymbolicLink() ? 'link' : 'special', stat, hash);
  return true;
}

function contentOf(full: string, stat: Stats): Uint8Array {
  if (stat.isFile()) return hashFile(full, stat.size);
  if (stat.isSymbolicLink()) return sha256(readlinkSync(full, 'buffer'));
  // BuildKit sends pipes and devices as they are, and a socket as an empty file.
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

/** Of nothing, so that it is never as it was. */
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
