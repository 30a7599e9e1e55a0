import { createHash } from 'node:crypto';

/**
 * The version of how a tree is read: which files the ignore rules include, and what represents a
 * file. If either changes, older indexes and labels are not trusted any more.
 */
export const READING_FORMAT = 2;

/** The files of one tree, as a build sees them. */
export interface FileSet {
  /**
   * One digest of all entries. It does not depend on the path of the tree or the order of reading.
   */
  digest: string;
  /** The number of files, without directories. */
  count: number;
  /**
   * The entries of `fileEntry` by path. A function, because for an unchanged tree the digest is
   * known without them.
   */
  entries: () => ReadonlyMap<string, string>;
}

export type FileKind = 'file' | 'link' | 'directory' | 'special';

/**
 * The line that represents one file: what a build sees of it. Times and owners are not included, as
 * in BuildKit's own cache.
 * @param content a hash or a constant of the harness. Never text from the tree, because that could
 * be crafted to look like more lines
 */
export function fileEntry(kind: FileKind, mode: number, content: string): string {
  return `${kind} ${(mode & 0o7777).toString(8)} ${content}`;
}

/** The set of files with these entries. */
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

/** The differences from `before` to `after`, sorted by path. */
export function compareFiles(before: FileSet, after: FileSet): FileChange[] {
  if (before.digest === after.digest) return [];
  const [oldEntries, newEntries] = [before.entries(), after.entries()];
  const changes: FileChange[] = [];
  for (const path of [...new Set([...oldEntries.keys(), ...newEntries.keys()])].sort()) {
    const [oldEntry, newEntry] = [oldEntries.get(path), newEntries.get(path)];
    if (oldEntry === newEntry) continue;
    if (oldEntry === undefined) changes.push({ path, kind: 'added' });
    else if (newEntry === undefined) changes.push({ path, kind: 'deleted' });
    else changes.push({ path, kind: withoutMode(oldEntry) === withoutMode(newEntry) ? 'mode' : 'modified' });
  }
  return changes;
}

function withoutMode(entry: string): string {
  return entry.replace(/^(\w+) \d+ /, '$1 ');
}
