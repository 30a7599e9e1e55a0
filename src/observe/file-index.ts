import type { Stats } from 'node:fs';
import { readState, writeState } from '../drivers/state-file.ts';

/** What a file looked like when it was last read, and the hash of what it held. Times are milliseconds. */
type Row = [size: number, mtime: number, ctime: number, inode: number, hash: string];

interface Stored {
  version: 1;
  /** The file system's own clock when the index was written (milliseconds): rows too close to it are not trusted. */
  written: number;
  rows: Record<string, Row>;
}

/**
 * File systems stamp changes with a coarse clock (some milliseconds on Linux, up to 2 s elsewhere). Two changes within one tick look the
 * same, so a file that was changed this shortly before the index was written is read again, as git does with its "racy" entries.
 */
const RACY_MS = 2_000;

/**
 * Remembers the hash of each file by its size, times and inode, so that an unchanged tree is checked without reading a byte.
 * A cache only: without it, or with a damaged one, everything is read again.
 */
export class FileIndex {
  readonly #path: string;
  readonly #old: Stored;
  readonly #rows: Record<string, Row> = {};
  #changed = false;

  private constructor(path: string, old: Stored) {
    this.#path = path;
    this.#old = old;
  }

  /** Reads the index at that path; an unreadable one is an empty one. */
  static open(path: string): FileIndex {
    const stored = readState<Partial<Stored>>(path);
    const usable = stored?.version === 1 && typeof stored.written === 'number' && typeof stored.rows === 'object';
    return new FileIndex(path, usable ? (stored as Stored) : { version: 1, written: 0, rows: {} });
  }

  /** The hash of a file: remembered when nothing about the file has moved since, else taken by `read` and remembered. */
  hash(path: string, stat: Stats, read: () => string): string {
    const row = this.#old.rows[path];
    if (row && this.#isSame(row, stat)) {
      this.#rows[path] = row;
      return row[4];
    }
    const hash = read();
    this.#rows[path] = [stat.size, stat.mtimeMs, stat.ctimeMs, stat.ino, hash];
    this.#changed = true;
    return hash;
  }

  #isSame(row: Row, stat: Stats): boolean {
    const [size, mtime, ctime, inode] = row;
    const unmoved = size === stat.size && mtime === stat.mtimeMs && ctime === stat.ctimeMs && inode === stat.ino;
    return unmoved && Math.max(mtime, ctime) + RACY_MS < this.#old.written;
  }

  /**
   * Writes the index where it would help the next check: whole and at once, so that another process sees the old or the new one.
   * @param started the time at which the first file of this walk was looked at (milliseconds)
   */
  save(started: number): void {
    const forgot = Object.keys(this.#old.rows).length !== Object.keys(this.#rows).length;
    if (!this.#changed && !forgot) return;
    const stored: Stored = { version: 1, written: started, rows: this.#rows };
    writeState(this.#path, JSON.stringify(stored));
  }
}
