import { createHash } from 'node:crypto';
import { constants, lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { fileEntry } from '../model/inputs.ts';
import { IgnoreRules, type Standing } from './dockerignore.ts';
import type { FileIndex } from './file-index.ts';
import { hashFile } from './hash-file.ts';

/** What a build context holds, as far as a build can see it. */
export interface ContextFiles {
  /** Path in the context to its line in the inputs digest. */
  files: Map<string, string>;
  /** When each of them (directories aside) was last modified, milliseconds. */
  modified: Map<string, number>;
  /** Times and inode of everything in it, directories too: a change that was taken back leaves its trace here. */
  stamps: Map<string, string>;
  /** Sum of the sizes of all files, bytes. */
  bytes: number;
}

/**
 * Reads the build context as BuildKit would send it: everything that the ignore file lets through.
 * Directories that are left out whole are not entered.
 */
export function readContext(context: string, ignore: string, index: FileIndex): ContextFiles {
  const rules = new IgnoreRules(ignore);
  const result: ContextFiles = { files: new Map(), modified: new Map(), stamps: new Map(), bytes: 0 };
  result.stamps.set('', stampOf(lstatSync(context)));
  walk({ context, rules, index, result }, '', undefined, []);
  return result;
}

/** The text of a build's ignore file: `<Dockerfile>.dockerignore` where there is one, else `.dockerignore` of the context. */
export function readIgnoreFile(context: string, dockerfile: string): string | undefined {
  const read = (path: string) => unlessAbsent(() => readFileSync(path, 'utf8'));
  return read(`${dockerfile}.dockerignore`) ?? read(join(context, '.dockerignore'));
}

interface Walk {
  context: string;
  rules: IgnoreRules;
  index: FileIndex;
  result: ContextFiles;
}

/**
 * @param above ignored directories on the way here: they come along, with their modes, as soon as anything in them does
 */
function walk(state: Walk, directory: string, standing: Standing | undefined, above: readonly string[]): void {
  const entries = unlessAbsent(() => readdirSync(join(state.context, directory), { withFileTypes: true }));
  for (const entry of entries ?? []) {
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
    const own = state.rules.match(path, standing);
    const add = (what: typeof addFile) => {
      for (const parent of above) if (!state.result.files.has(parent)) addDirectory(state, parent);
      what(state, path);
    };
    if (entry.isDirectory()) {
      if (!own.ignored) add(addDirectory);
      if (!own.ignored || state.rules.mayHoldExceptions(path)) walk(state, path, own, own.ignored ? [...above, path] : []);
    } else if (!own.ignored) {
      add(addFile);
    }
  }
}

function addDirectory(state: Walk, path: string): void {
  const stat = statOf(state, path);
  if (!stat) return;
  state.result.files.set(path, fileEntry('directory', stat.mode, ''));
  state.result.stamps.set(path, stampOf(stat));
}

function addFile(state: Walk, path: string): void {
  const full = join(state.context, path);
  const stat = statOf(state, path);
  // A file may go away, or become a directory, between the listing and here: then it is not in the context.
  if (!stat) return;
  const line = unlessAbsent(() => lineFor(state, full, stat));
  if (line === undefined) return;
  state.result.files.set(path, line);
  state.result.modified.set(path, stat.mtimeMs);
  state.result.stamps.set(path, stampOf(stat));
  state.result.bytes += stat.size;
}

function lineFor(state: Walk, full: string, stat: Stats): string | undefined {
  if (stat.isDirectory()) return undefined;
  if (stat.isSymbolicLink()) return fileEntry('link', 0, sha256(readlinkSync(full, 'buffer')));
  if (stat.isFile()) {
    const hash = state.index.hash(full, stat, () => hashFile(full, stat.size));
    return fileEntry('file', stat.mode, hash);
  }
  // BuildKit sends pipes and devices as they are, and a socket as an empty file.
  return fileEntry('special', stat.mode, `${stat.mode & constants.S_IFMT} ${stat.rdev}`);
}

function statOf(state: Walk, path: string): Stats | undefined {
  const stat = lstatSync(join(state.context, path), { throwIfNoEntry: false });
  // Such a name cannot be asked for as text. No build succeeds with it, so no image is fresh beside it, either.
  if (!stat && path.includes('\uFFFD')) state.result.files.set(path, fileEntry('special', 0, 'its name is not UTF-8'));
  return stat;
}

/** The files that were modified after a moment (milliseconds). Only times: what they hold may be the same. */
export function newerThan(context: ContextFiles, moment: number): string[] {
  return [...context.modified].filter(([, modified]) => modified > moment).map(([path]) => path);
}

function stampOf(stat: Stats): string {
  return `${stat.mtimeMs} ${stat.ctimeMs} ${stat.ino}`;
}

/** What is not there, or is a directory where a file was looked for, as Docker takes it. */
const ABSENT = ['ENOENT', 'ENOTDIR', 'EISDIR', 'EINVAL'];

function unlessAbsent<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof Error && 'code' in error && ABSENT.includes(String(error.code))) return undefined;
    throw error;
  }
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
