import type { Stats } from 'node:fs';
import { fileEntry, type FileKind } from './file-set.ts';

/**
 * What was seen of a tree: a row for each file and directory in the build context, and for each
 * directory that only was entered, because something below it could be. In columns, and not as
 * objects: a tree may have 100,000 of them, and each check reads them all.
 */
export interface StatRows {
  /** Relative to the root, `/` as separator; the root itself is empty. */
  paths: string[];
  /** Four numbers each: size, times of modification and change (milliseconds), inode. */
  stats: Float64Array;
  /** What stands there, see `KINDS`. */
  kinds: Uint8Array;
  modes: Uint16Array;
  /**
   * Rows that could change without another stamp, with the moment when they were first seen in this
   * shape, milliseconds.
   */
  doubted: Map<number, number>;
}

/** The same with what the files hold, which is only needed when something has moved. */
export interface Rows extends StatRows {
  /** SHA-256, 32 bytes each; zeros for directories. */
  hashes: Uint8Array;
}

/**
 * The kinds in the order of their numbers; `entered` is a directory that is not in the context
 * itself.
 */
export const KINDS = ['file', 'link', 'directory', 'special', 'entered'] as const;
export type RowKind = (typeof KINDS)[number];

export const STAT_COLUMNS = 4;
export const HASH_BYTES = 32;

/** Collects rows one by one. */
export class RowBuilder {
  readonly #paths: string[] = [];
  readonly #stats: number[] = [];
  readonly #kinds: number[] = [];
  readonly #modes: number[] = [];
  readonly #hashes: (Uint8Array | undefined)[] = [];
  readonly #doubted = new Map<number, number>();

  add(path: string, kind: RowKind, stat: Stats, hash: Uint8Array | undefined, doubtedSince: number | undefined): void {
    if (doubtedSince !== undefined) this.#doubted.set(this.#paths.length, doubtedSince);
    this.#paths.push(path);
    this.#stats.push(stat.size, stat.mtimeMs, stat.ctimeMs, stat.ino);
    this.#kinds.push(KINDS.indexOf(kind));
    this.#modes.push(stat.mode & 0o7777);
    this.#hashes.push(hash);
  }

  finish(): Rows {
    const hashes = new Uint8Array(this.#hashes.length * HASH_BYTES);
    for (const [row, hash] of this.#hashes.entries()) if (hash) hashes.set(hash, row * HASH_BYTES);
    return {
      paths: this.#paths,
      stats: Float64Array.from(this.#stats),
      kinds: Uint8Array.from(this.#kinds),
      modes: Uint16Array.from(this.#modes),
      hashes,
      doubted: this.#doubted,
    };
  }
}

/** Whether a file is as it was when its row was written. */
export function isAsInRow({ stats }: StatRows, row: number, stat: Stats): boolean {
  const at = row * STAT_COLUMNS;
  return (
    stats[at] === stat.size &&
    stats[at + 1] === stat.mtimeMs &&
    stats[at + 2] === stat.ctimeMs &&
    stats[at + 3] === stat.ino
  );
}

export function kindOf(rows: StatRows, row: number): RowKind {
  return KINDS[rows.kinds[row] ?? 0] ?? 'special';
}

export function hashOf({ hashes }: Rows, row: number): Uint8Array {
  return hashes.subarray(row * HASH_BYTES, (row + 1) * HASH_BYTES);
}

/** Milliseconds. */
export function modifiedAt({ stats }: StatRows, row: number): number {
  return stats[row * STAT_COLUMNS + 1] ?? NaN;
}

/** Path to entry for all that is in the context. */
export function entriesOf(rows: Rows): Map<string, string> {
  const hashes = Buffer.from(rows.hashes.buffer, rows.hashes.byteOffset, rows.hashes.byteLength);
  const entries = new Map<string, string>();
  for (const [row, path] of rows.paths.entries()) {
    const kind = kindOf(rows, row);
    if (kind === 'entered') continue;
    const content = kind === 'directory' ? '' : hashes.toString('hex', row * HASH_BYTES, (row + 1) * HASH_BYTES);
    entries.set(path, fileEntry(kind satisfies FileKind, kind === 'link' ? 0 : (rows.modes[row] ?? 0), content));
  }
  return entries;
}

/** Whether nothing moved between two looks at a tree: not even a time. */
export function sameStats(one: StatRows, other: StatRows): boolean {
  return (
    one.paths.length === other.paths.length &&
    one.paths.every((path, row) => path === other.paths[row]) &&
    one.stats.every((value, at) => value === other.stats[at])
  );
}
