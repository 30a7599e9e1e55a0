import { createHash } from 'node:crypto';

/**
 * How a tree is read and written down: what ignore rules let through, and what stands for a file.
 * It changes with either, and then nothing that was remembered or labelled before is believed.
 */
export const READING_FORMAT = 2;

/** The files of one tree, as a build could see them. */
export interface FileSet {
  /**
   * One digest over all entries, the same wherever the tree lies and whatever order it was read in.
   */
  digest: string;
  /** How many they are, directories aside. */
  count: number;
  /**
   * Path to what stands there, as in `fileEntry`. Only asked for when it is needed: of an unchanged
   * tree the digest is known without it.
   */
  entries: () => ReadonlyMap<string, string>;
}

export type FileKind = 'file' | 'link' | 'directory' | 'special';

/**
 * The line that stands for one file: what a build could see of it. Times and owners are none of it,
 * as for BuildKit's own cache.
 * @param content a hash or a word of the harness's own, and never text from the tree: that could be
 * made to look like further lines
 */
export function fileEntry(kind: FileKind, mode: number, content: string): string {
  return `${kind} ${(mode & 0o7777).toString(8)} ${content}`;
}

/** The set of these entries. */
export function fileSet(entries: ReadonlyMap<string, string>): FileSet {
  const hash = createHash('sha256');
  let count = 0;
  for (const path of [...entries.keys()].sort()) {
    const entry = entries.get(path) ?? '';
    if (!entry.startsWith('directory ')) count++;
    hash.update(`${entry} ${JSON.stringify(path)}\n`);
  }
  return { digest: `sha256:${hash.digest('hex')}`, count, entries: () => entries };
}

/** One difference between two file sets. */
export interface FileChange {
  path: string;
  kind: 'modified' | 'added' | 'deleted' | 'mode';
}

/** What differs from `before` to `after`, by path. */
export function compareFiles(before: FileSet, after: FileSet): FileChange[] {
  if (before.digest === after.digest) return [];
  const [old, now] = [before.entries(), after.entries()];
  const changes: FileChange[] = [];
  for (const path of [...new Set([...old.keys(), ...now.keys()])].sort()) {
    const [was, is] = [old.get(path), now.get(path)];
    if (was === is) continue;
    if (was === undefined) changes.push({ path, kind: 'added' });
    else if (is === undefined) changes.push({ path, kind: 'deleted' });
    else changes.push({ path, kind: withoutMode(was) === withoutMode(is) ? 'mode' : 'modified' });
  }
  return changes;
}

function withoutMode(entry: string): string {
  return entry.replace(/^(\w+) \d+ /, '$1 ');
}
