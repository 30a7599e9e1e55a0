import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { crc32 } from 'node:zlib';
import { replaceFile } from '../machine/state-file.ts';
import { READING_FORMAT } from './file-set.ts';
import { HASH_BYTES, STAT_COLUMNS, type Rows, type StatRows } from './rows.ts';

/** The content of an index without its hashes. */
export interface IndexedTree {
  /**
   * Whether a directory there gets another stamp when an entry is added or removed. If so, an
   * unchanged directory need not be listed.
   */
  stampsDirectories: boolean;
  /** The digest of the tree's file set, and its number of files. */
  digest: string;
  count: number;
  rows: StatRows;
}

interface Head extends Omit<IndexedTree, 'rows'> {
  /** When the index was written, by this machine's clock (milliseconds). */
  written: number;
  paths: string;
  stats: Float64Array;
  kinds: Uint8Array;
  modes: Uint16Array;
  doubted: Map<number, number>;
}

/** The format of the index. A file with another one is ignored. */
const VERSION = `3.${READING_FORMAT}`;

/** The first line: the format, then length and checksum of the two parts that follow it. */
const LINE_BYTES = 80;
const LINE = /^kind-harness index ([\d.]+) (\d+) (\d+) (\d+) (\d+) *\n$/;

/**
 * The result of the last scan of a tree, in one file. Only a cache: if it is missing or damaged,
 * everything is read again.
 */
export class TreeIndex {
  readonly path: string;
  /** Distinguishes it from any other index that was written to that path. */
  readonly id: string;
  readonly tree: IndexedTree;

  private constructor(path: string, id: string, tree: IndexedTree) {
    this.path = path;
    this.id = id;
    this.tree = tree;
  }

  /**
   * Reads the index at that path; undefined if it is missing, damaged or from the future.
   */
  static read(path: string): TreeIndex | undefined {
    return withFile(path, (file) => {
      const sizes = readSizes(file);
      const head = sizes && readPart<Head>(file, LINE_BYTES, sizes.head);
      // If the clock was set back, a changed file may get the same times as before.
      if (!sizes || !head || head.written > Date.now()) return undefined;
      const { paths, stats, kinds, modes, doubted, stampsDirectories, digest, count } = head;
      const rows = { paths: paths.split('\0'), stats, kinds, modes, doubted };
      if (stats.length !== rows.paths.length * STAT_COLUMNS) return undefined;
      return new TreeIndex(path, idOf(sizes), { stampsDirectories, digest, count, rows });
    });
  }

  /** All rows, if the same index is still there and not damaged. */
  readRows(): Rows | undefined {
    return withFile(this.path, (file) => {
      const sizes = readSizes(file);
      if (!sizes || idOf(sizes) !== this.id) return undefined;
      const hashes = readPart<Uint8Array>(file, LINE_BYTES + sizes.head.bytes, sizes.hashes);
      const { rows } = this.tree;
      return hashes?.length === rows.paths.length * HASH_BYTES ? { ...rows, hashes } : undefined;
    });
  }
}

/** Writes the index atomically: another process sees the old or the new one. */
export function writeIndex(path: string, tree: Omit<IndexedTree, 'rows'> & { rows: Rows }): void {
  const { paths, stats, kinds, modes, doubted, hashes } = tree.rows;
  const { stampsDirectories, digest, count } = tree;
  const written = Date.now();
  const head: Head = {
    written,
    paths: paths.join('\0'),
    stats,
    kinds,
    modes,
    doubted,
    stampsDirectories,
    digest,
    count,
  };
  const parts = [serialize(head), serialize(hashes)];
  const line = `kind-harness index ${VERSION} ${parts.map((part) => `${part.length} ${crc32(part)}`).join(' ')}`;
  replaceFile(path, (file) =>
    [Buffer.from(`${line.padEnd(LINE_BYTES - 1)}\n`), ...parts].forEach((part) => writeFileSync(file, part)),
  );
}

interface Part {
  bytes: number;
  checksum: number;
}

interface Sizes {
  head: Part;
  hashes: Part;
}

function readSizes(file: number): Sizes | undefined {
  const [, version, ...numbers] = LINE.exec(readAt(file, 0, LINE_BYTES).toString('latin1')) ?? [];
  const [headBytes = 0, headChecksum = 0, hashesBytes = 0, hashesChecksum = 0] = numbers.map(Number);
  if (version !== VERSION) return undefined;
  return {
    head: { bytes: headBytes, checksum: headChecksum },
    hashes: { bytes: hashesBytes, checksum: hashesChecksum },
  };
}

function idOf({ head, hashes }: Sizes): string {
  return `${head.bytes} ${head.checksum} ${hashes.bytes} ${hashes.checksum}`;
}

/** Checks the checksum: a damaged part would be trusted until its files change. */
function readPart<T>(file: number, at: number, { bytes, checksum }: Part): T | undefined {
  const part = readAt(file, at, bytes);
  return part.length === bytes && crc32(part) === checksum ? (deserialize(part) as T) : undefined;
}

function readAt(file: number, at: number, bytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(bytes);
  return buffer.subarray(0, readSync(file, buffer, 0, bytes, at));
}

function withFile<T>(path: string, read: (file: number) => T | undefined): T | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    return read(file);
  } catch {
    return undefined; // missing or damaged
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
