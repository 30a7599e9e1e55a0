import type { Stats } from 'node:fs';
import { isSettled, type Clock } from '../machine/fs-clock.ts';
import { hashOf, isAsInRow, type Rows } from './rows.ts';

/**
 * The previous scan of a tree that is walked again: which contents need not be read, and which
 * stamps cannot be trusted yet.
 */
export class PreviousScan {
  readonly #known: Rows | undefined;
  readonly #rowByPath: ReadonlyMap<string, number>;
  readonly #clock: Clock;
  readonly #racy: number;

  /**
   * @param clock read before the walk, so that later changes have a later time
   * @param racy see `FileSystemRules`
   */
  constructor(known: Rows | undefined, clock: Clock, racy: number) {
    this.#known = known;
    this.#rowByPath = new Map(known?.paths.all().map((path, row) => [path, row]));
    this.#clock = clock;
    this.#racy = racy;
  }

  /** The hash of a file's content; undefined if the file must be read. */
  hash(path: string, stat: Stats): Uint8Array | undefined {
    const row = this.#row(path, stat);
    return this.#known && row !== undefined && !this.#known.doubted.has(row) ? hashOf(this.#known, row) : undefined;
  }

  /**
   * When a file was first seen with its current stamp, if the stamp cannot be trusted yet.
   * Undefined if it can be trusted from now on.
   */
  doubtedSince(path: string, stat: Stats): number | undefined {
    const row = this.#row(path, stat);
    // A row that was trusted before has been settled for long.
    const since = this.#known && row !== undefined ? (this.#known.doubted.get(row) ?? -Infinity) : undefined;
    return isSettled(stat, since, this.#clock, this.#racy) ? undefined : (since ?? this.#clock.own);
  }

  /** The row of a file, if its stamp is the same. */
  #row(path: string, stat: Stats): number | undefined {
    const row = this.#rowByPath.get(path);
    return this.#known && row !== undefined && isAsInRow(this.#known, row, stat) ? row : undefined;
  }
}
