import { lstatSync, readFileSync, rmSync, writeFileSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { makeStateDirectory, writeState } from '../drivers/state-file.ts';

/**
 * What a file looked like when it was last read, and the hash of what it held. Times are milliseconds. `doubted` is when it was first read in
 * this shape, and 0 once nothing is left to doubt.
 */
type Row = [size: number, mtime: number, ctime: number, inode: number, hash: string, doubted: number];

interface Stored {
  /** This machine's clock when the index was written, milliseconds. */
  written: number;
  rows: Record<string, Row>;
}

/**
 * File systems stamp changes with a coarse clock (some milliseconds on Linux, up to 2 s elsewhere). Two changes within one tick look the
 * same, so what is read this shortly after it was changed is read once more the next time, as git does with its "racy" entries.
 */
const RACY_MS = 2_000;

/** The format of the stored index; another one is no index. */
const VERSION = 2;

/**
 * Remembers the hash of each file by its size, times and inode, so that an unchanged tree is checked without reading a byte.
 * A cache only: without it, or with a damaged one, everything is read again.
 */
export class FileIndex {
  readonly #path: string;
  readonly #old: Stored;
  readonly #options: IndexOptions;
  readonly #rows: Record<string, Row> = {};
  #clock: Clock | undefined;

  private constructor(path: string, old: Stored, options: IndexOptions) {
    this.#path = path;
    this.#old = old;
    this.#options = options;
  }

  /** Reads the index at that path; an unreadable one is an empty one. */
  static open(path: string, options: IndexOptions = { racy: RACY_MS, readClock }): FileIndex {
    const stored = readIndex(path);
    // Where the clock went back, a file may get the times again that it had when it was read.
    return new FileIndex(path, stored && stored.written <= Date.now() ? stored : { written: 0, rows: {} }, options);
  }

  /** The hash of a file: remembered when nothing about the file has moved since, else taken by `read` and remembered. */
  hash(path: string, stat: Stats, read: () => string): string {
    const old = this.#old.rows[path];
    const row = old && isSame(old, stat) ? old : undefined;
    if (row?.[5] === 0) {
      this.#rows[path] = row;
      return row[4];
    }
    this.#clock ??= this.#options.readClock(this.#path); // before the file is read: what changes later has a later time
    const hash = read();
    const { racy } = this.#options;
    const settled = isSettled(stat, this.#clock, racy) || hasOutlived(row, this.#clock, racy);
    const doubted = settled ? 0 : (row?.[5] ?? this.#clock.own);
    this.#rows[path] = [stat.size, stat.mtimeMs, stat.ctimeMs, stat.ino, hash, doubted];
    return hash;
  }

  /** Writes the index where it would help the next check: whole and at once, so that another process sees the old or the new one. */
  save(): void {
    const forgot = Object.keys(this.#old.rows).length !== Object.keys(this.#rows).length;
    if (!this.#clock && !forgot) return;
    const body = JSON.stringify({ written: Date.now(), rows: this.#rows } satisfies Stored);
    try {
      writeState(this.#path, `${headerOf(body)}\n${body}`);
    } catch {
      // A full or read-only disk costs the next check its time; whatever else needs the disk will say so.
    }
  }
}

/** What the index takes for granted of the file system; tests choose their own. */
export interface IndexOptions {
  /** Milliseconds after which a file system has surely left the tick in which it stamped a change. */
  racy: number;
  readClock: (index: string) => Clock;
}

/** A moment by the two clocks that matter, milliseconds. */
export interface Clock {
  /** This machine's. */
  own: number;
  /** Of the file system that holds the index: a share's or a virtual machine's may go minutes before or after. */
  fileSystem: number;
  /** Which file system that is. */
  device: number;
}

/** The only way to ask a file system for its time is to change something. */
export function readClock(index: string): Clock {
  const own = Date.now();
  const probe = `${index}.${process.pid}.clock`;
  try {
    makeStateDirectory(dirname(index));
    writeFileSync(probe, '');
    const { ctimeMs, dev } = lstatSync(probe);
    return { own, fileSystem: ctimeMs, device: dev };
  } catch {
    return { own, fileSystem: 0, device: -1 }; // nothing can be kept there, either
  } finally {
    rmSync(probe, { force: true });
  }
}

function isSame([size, mtime, ctime, inode]: Row, stat: Stats): boolean {
  return size === stat.size && mtime === stat.mtimeMs && ctime === stat.ctimeMs && inode === stat.ino;
}

/** Whether a change after this moment must give the file another time, told by its file system's clock. */
function isSettled(stat: Stats, clock: Clock, racy: number): boolean {
  return stat.dev === clock.device && Math.max(stat.mtimeMs, stat.ctimeMs) + racy < Math.min(clock.fileSystem, clock.own);
}

/** The same, told without knowing that clock: the file was in this shape a while ago already, so the tick that gave it its time is over. */
function hasOutlived(row: Row | undefined, clock: Clock, racy: number): boolean {
  return row !== undefined && row[5] + racy < clock.own;
}

function headerOf(body: string): string {
  return `kind-harness index ${VERSION} ${crc32(body)}`;
}

function readIndex(path: string): Stored | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    const end = text.indexOf('\n');
    const body = text.slice(end + 1);
    // A single hash that is not what was written would be believed for as long as its file does not change.
    return text.slice(0, end) === headerOf(body) ? (JSON.parse(body) as Stored) : undefined;
  } catch {
    return undefined; // absent or damaged
  }
}
