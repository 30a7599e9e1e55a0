import type { Stats } from 'node:fs';
import { fileEntry, type FileKind } from './file-set.ts';
import { Paths } from './paths.ts';

/**
 * The result of a scan. There is a row for every file and directory in the build context, and for
 * every directory that was only entered because something below it might be in the context. Stored
 * in columns and not as objects: a tree may have 100,000 rows, and every check reads all of them.
 */
export interface StatRows {
  /** Relative to the root, with `/` as separator. The root itself is empty. */
  paths: Paths;
  /** Four numbers a row: size, times of modification and change (milliseconds), inode. */
  stats: Float64Array;
  /** Indexes into `KINDS`. */
  kinds: Uint8Array;
  modes: Uint16Array;
  /**
   * Rows that could change without another stamp, with the time when they were first seen with this
   * stamp (milliseconds).
   */
  doubted: Map<number, number>;
}

/** The rows with the hashes of contents, which are only needed if something has changed. */
export interface Rows extends StatRows {
  /** SHA-256, 32 bytes each; zeros for directories. */
  hashes: Uint8Array;
}

/** `entered` is a directory that is not in the context itself. The order is part of the format. */
export const KINDS = ['file', 'link', 'directory', 'special', 'entered'] as const;
export type RowKind = (typeof KINDS)[number];

export const STAT_COLUMNS = 4;
export const HASH_BYTES = 32;

/** Collects rows. */
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
      paths: Paths.of(this.#paths),
      stats: Float64Array.from(this.#stats),
      kinds: Uint8Array.from(this.#kinds),
      modes: Uint16Array.from(this.#modes),
      hashes,
      doubted: this.#doubted,
    };
  }
}

/** Whether a file still has the stamp in its row. */
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

/** The entries of everything in the context, by path. */
export function entriesOf(rows: Rows): Map<string, string> {
  const hashes = Buffer.from(rows.hashes.buffer, rows.hashes.byteOffset, rows.hashes.byteLength);
  const entries = new Map<string, string>();
  for (const [row, path] of rows.paths.all().entries()) {
    const kind = kindOf(rows, row);
    if (kind === 'entered') continue;
    const content = kind === 'directory' ? '' : hashes.toString('hex', row * HASH_BYTES, (row + 1) * HASH_BYTES);
    entries.set(path, fileEntry(kind satisfies FileKind, kind === 'link' ? 0 : (rows.modes[row] ?? 0), content));
  }
  return entries;
}

/**
 * Whether two scans of a tree found the same paths and stamps.
 * @param counts rows whose stamps count; all, if absent
 */
export function sameStats(one: StatRows, other: StatRows, counts?: (row: number) => boolean): boolean {
  return (
    one.paths.equals(other.paths) &&
    one.stats.every((value, at) => value === other.stats[at] || counts?.(Math.floor(at / STAT_COLUMNS)) === false)
  );
}
