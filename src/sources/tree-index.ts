import { closeSync, fstatSync, openSync, readSync, writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { replaceFile } from '../machine/state-file.ts';
import { READING_FORMAT } from './file-set.ts';
import { packRows, unpackRows, type PackedRows } from './packed-rows.ts';
import { HASH_BYTES, type Rows, type StatRows } from './rows.ts';

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
  rows: Omit<PackedRows, 'memory'>;
  doubted: [row: number, since: number][];
}

/** The format of the index. A file with another one is ignored. */
const VERSION = `4.${READING_FORMAT}`;

/**
 * The first line: the format, then length and checksum of the parts that follow it: the head, the
 * columns of the rows, the hashes.
 */
const LINE_BYTES = 120;
const LINE = /^kind-harness index ([\d.]+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) *\n$/;

/**
 * The result of the last scan of a tree, in one file. Only a cache: if it is missing or damaged,
 * everything is read again.
 */
export class TreeIndex {
  readonly path: string;
  readonly tree: IndexedTree;
  /** The rows in memory that another thread can read, too. */
  readonly packed: PackedRows;
  /** Distinguishes it from any other index that was written to that path. */
  readonly #line: string;

  private constructor(path: string, line: string, tree: IndexedTree, packed: PackedRows) {
    this.path = path;
    this.tree = tree;
    this.packed = packed;
    this.#line = line;
  }

  /**
   * Reads the index at that path; undefined if it is missing, damaged or from the future.
   */
  static read(path: string): TreeIndex | undefined {
    return withFile(path, (file) => {
      const { line, parts } = readLine(file);
      const text = readPart(file, parts.head);
      const { written, rows, doubted, ...tree } = JSON.parse(Buffer.from(text).toString()) as Head;
      // If the clock was set back, a changed file may get the same times as before.
      if (written > Date.now()) return undefined;
      const packed = { memory: readPart(file, parts.rows).buffer, ...rows };
      return new TreeIndex(path, line, { ...tree, rows: { ...unpackRows(packed), doubted: new Map(doubted) } }, packed);
    });
  }

  /** All rows, if the same index is still there and not damaged. */
  readRows(): Rows | undefined {
    return withFile(this.path, (file) => {
      const { line, parts } = readLine(file);
      if (line !== this.#line) return undefined;
      const hashes = readPart(file, parts.hashes);
      return hashes.length === this.packed.count * HASH_BYTES ? { ...this.tree.rows, hashes } : undefined;
    });
  }
}

/** Writes the index atomically: another process sees the old or the new one. */
export function writeIndex(path: string, tree: Omit<IndexedTree, 'rows'> & { rows: Rows }): void {
  const { rows, stampsDirectories, digest, count } = tree;
  const head: Head = {
    written: Date.now(),
    stampsDirectories,
    digest,
    count,
    rows: { count: rows.paths.length, pathBytes: rows.paths.bytes.length },
    doubted: [...rows.doubted],
  };
  const parts = [Buffer.from(JSON.stringify(head)), packRows(rows), rows.hashes];
  const line = `kind-harness index ${VERSION} ${parts.map((part) => `${part.length} ${crc32(part)}`).join(' ')}`;
  replaceFile(path, (file) =>
    [Buffer.from(`${line.padEnd(LINE_BYTES - 1)}\n`), ...parts].forEach((part) => writeFileSync(file, part)),
  );
}

interface Part {
  at: number;
  bytes: number;
  checksum: number;
}

/** @throws RangeError if the file is none of this format */
function readLine(file: number): { line: string; parts: Record<'head' | 'rows' | 'hashes', Part> } {
  const buffer = Buffer.alloc(LINE_BYTES);
  readSync(file, buffer, 0, LINE_BYTES, 0);
  const line = buffer.toString('latin1');
  const [, version, ...numbers] = LINE.exec(line) ?? [];
  if (version !== VERSION) throw new RangeError('not an index of this format');
  let end = LINE_BYTES;
  const part = (at: number): Part => {
    const [bytes = 0, checksum = 0] = numbers.slice(at, at + 2).map(Number);
    end += bytes;
    return { at: end - bytes, bytes, checksum };
  };
  return { line, parts: { head: part(0), rows: part(2), hashes: part(4) } };
}

/** @throws RangeError if it is damaged: it would be trusted until its files change */
function readPart(file: number, { at, bytes, checksum }: Part): Uint8Array {
  if (at + bytes > fstatSync(file).size) throw new RangeError('the index is not complete');
  const part = new Uint8Array(new SharedArrayBuffer(bytes));
  if (readSync(file, part, 0, bytes, at) !== bytes || crc32(part) !== checksum) throw new RangeError('damaged index');
  return part;
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
