import { lstatSync, readdirSync, readFileSync, readlinkSync, type Dirent, type Stats } from 'node:fs';
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
  walk({ context, rules, index, result }, '', undefined);
  return result;
}

/** The text of a build's ignore file: `<Dockerfile>.dockerignore` where there is one, else `.dockerignore` of the context. */
export function readIgnoreFile(context: string, dockerfile: string): string | undefined {
  for (const path of [`${dockerfile}.dockerignore`, join(context, '.dockerignore')]) {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }
  return undefined;
}

interface Walk {
  context: string;
  rules: IgnoreRules;
  index: FileIndex;
  result: ContextFiles;
}

function walk(state: Walk, directory: string, standing: Standing | undefined): void {
  for (const entry of readdirSync(join(state.context, directory), { withFileTypes: true })) {
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
    const own = state.rules.match(path, standing);
    if (entry.isDirectory()) {
      if (!own.ignored) addDirectory(state, path);
      if (!own.ignored || state.rules.mayHoldExceptions(path)) walk(state, path, own);
    } else if (!own.ignored) {
      addFile(state, path, entry);
    }
  }
}

function addDirectory(state: Walk, path: string): void {
  const stat = lstatSync(join(state.context, path), { throwIfNoEntry: false });
  if (!stat) return;
  state.result.files.set(path, fileEntry('directory', stat.mode, ''));
  state.result.stamps.set(path, stampOf(stat));
}

function addFile(state: Walk, path: string, entry: Dirent): void {
  const full = join(state.context, path);
  // A file may go away between the listing and here: then it is not in the context.
  const stat = lstatSync(full, { throwIfNoEntry: false });
  if (!stat) return;
  if (entry.isSymbolicLink()) state.result.files.set(path, fileEntry('link', 0, readlinkSync(full)));
  else if (entry.isFile())
    state.result.files.set(
      path,
      fileEntry(
        'file',
        stat.mode,
        state.index.hash(full, stat, () => hashFile(full, stat.size)),
      ),
    );
  else return; // sockets and devices: BuildKit does not send them
  state.result.modified.set(path, stat.mtimeMs);
  state.result.stamps.set(path, stampOf(stat));
  state.result.bytes += stat.size;
}

/** The files that were modified after a moment (milliseconds). Only times: what they hold may be the same. */
export function newerThan(context: ContextFiles, moment: number): string[] {
  return [...context.modified].filter(([, modified]) => modified > moment).map(([path]) => path);
}

function stampOf(stat: Stats): string {
  return `${stat.mtimeMs} ${stat.ctimeMs} ${stat.ino}`;
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
