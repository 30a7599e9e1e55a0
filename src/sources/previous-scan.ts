import type { Stats } from 'node:fs';
import { isSettled, type Clock } from '../machine/fs-clock.ts';
import { hashOf, isAsInRow, type Rows } from './rows.ts';

/**
 * What is remembered of a tree while it is walked anew: which contents need not be read, and which
 * stamps cannot be believed yet.
 */
export class PreviousScan {
  readonly #known: Rows | undefined;
  readonly #places: ReadonlyMap<string, number>;
  readonly #clock: Clock;
  readonly #racy: number;

  /**
   * @param clock as read before the walk: what changes later has a later time
   * @param racy see `FileSystemRules`
   */
  constructor(known: Rows | undefined, clock: Clock, racy: number) {
    this.#known = known;
    this.#places = new Map(known?.paths.map((path, row) => [path, row]));
    this.#clock = clock;
    this.#racy = racy;
  }

  /** The hash of what a file holds; undefined when it must be read. */
  hash(path: string, stat: Stats): Uint8Array | undefined {
    const row = this.#row(path, stat);
    return this.#known && row !== undefined && !this.#known.doubted.has(row) ? hashOf(this.#known, row) : undefined;
  }

  /**
   * Since when a file is in the shape it has now, as far as that is doubted; undefined when it can
   * be believed from now on.
   */
  doubtedSince(path: string, stat: Stats): number | undefined {
    const row = this.#row(path, stat);
    // A row that was believed before was settled long ago.
    const since = this.#known && row !== undefined ? (this.#known.doubted.get(row) ?? -Infinity) : undefined;
    return isSettled(stat, since, this.#clock, this.#racy) ? undefined : (since ?? this.#clock.own);
  }

  /** Its row, if nothing about it has moved. */
  #row(path: string, stat: Stats): number | undefined {
    const row = this.#places.get(path);
    return this.#known && row !== undefined && isAsInRow(this.#known, row, stat) ? row : undefined;
  }
}
