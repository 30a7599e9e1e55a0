import { dirname } from 'node:path';
import { lstatSync, type Stats } from 'node:fs';
import { FILE_SYSTEM, type FileSystemRules } from '../machine/fs-clock.ts';
import { scan } from './context.ts';
import { hashOf, isAsInRow, sameStats, STAT_COLUMNS, type Rows } from './rows.ts';
import { TreeIndex, type IndexedTree } from './tree-index.ts';

/** What reading every file of a context showed. */
export interface VerifiedContext {
  /** The number of files that were read. */
  files: number;
  /**
   * Paths of which the index said something else than what is there, although their stamps are the
   * same. `.` if only the digest of the whole is wrong.
   */
  wrong: string[];
}

/**
 * Reads every file of a context, whatever its index says, compares the index with that, and writes
 * it again. Files that change meanwhile do not count: their stamps change, too.
 * @param index see `readContext`
 */
export function verifyContext(
  context: string,
  ignore: string,
  index: string,
  fileSystem: FileSystemRules = FILE_SYSTEM,
): VerifiedContext {
  const before = TreeIndex.read(index);
  const known = before?.readRows();
  const { rows, tree } = scan(context, ignore, index, undefined, fileSystem);
  const { digest, count } = tree.files;
  const wrong = before && known ? wrongRows(before.tree, known, rows) : [];
  const isDigestWrong = before && isTrusted(before.tree, rows) && before.tree.digest !== digest;
  return {
    files: count,
    wrong: wrong.length === 0 && isDigestWrong ? ['.'] : wrong.filter((path) => isUnmoved(context, path, rows)),
  };
}

/** Whether a check would have taken the digest from the index without reading anything. */
function isTrusted(known: IndexedTree, now: Rows): boolean {
  return known.stampsDirectories && known.rows.doubted.size === 0 && sameStats(known.rows, now);
}

function wrongRows({ stampsDirectories }: IndexedTree, known: Rows, now: Rows): string[] {
  const rowByPath = new Map(known.paths.all().map((path, row) => [path, row]));
  /** The row of a path in the index, if its stamp is the same and is trusted. */
  const trusted = (path: string, row: number) => {
    const knownRow = rowByPath.get(path);
    return knownRow !== undefined && !known.doubted.has(knownRow) && haveSameStamp(known, knownRow, now, row)
      ? knownRow
      : undefined;
  };
  const directories = new Map(now.paths.all().map((path, row) => [path, row]));
  const parentOf = (path: string) => (path.includes('/') ? dirname(path) : '');
  return now.paths.all().filter((path, row) => {
    const knownRow = trusted(path, row);
    if (knownRow !== undefined) return !haveSameContent(known, knownRow, now, row);
    // A new entry must have given its directory another stamp.
    const parent = parentOf(path);
    return stampsDirectories && !rowByPath.has(path) && trusted(parent, directories.get(parent) ?? -1) !== undefined;
  });
}

function haveSameStamp(one: Rows, row: number, other: Rows, otherRow: number): boolean {
  const [at, otherAt] = [row * STAT_COLUMNS, otherRow * STAT_COLUMNS];
  return [0, 1, 2, 3].every((column) => one.stats[at + column] === other.stats[otherAt + column]);
}

function haveSameContent(one: Rows, row: number, other: Rows, otherRow: number): boolean {
  return (
    one.kinds[row] === other.kinds[otherRow] &&
    one.modes[row] === other.modes[otherRow] &&
    Buffer.compare(hashOf(one, row), hashOf(other, otherRow)) === 0
  );
}

/** Whether a path still has the stamp that it had before it was read. */
function isUnmoved(context: string, path: string, rows: Rows): boolean {
  const stat: Stats | undefined = lstatSync(`${context}/${path}`, { throwIfNoEntry: false });
  return stat !== undefined && isAsInRow(rows, rows.paths.all().indexOf(path), stat);
}
