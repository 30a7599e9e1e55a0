import { fileSet, type FileSet } from './file-set.ts';
import { entriesOf, kindOf, modifiedAt, sameStats, type Rows, type StatRows } from './rows.ts';

/** A build context as it was seen once. */
export class SourceTree {
  readonly files: FileSet;
  /** All rows; those that were verified against an index that was replaced since are read anew. */
  readonly rows: () => Rows;
  readonly #light: StatRows;

  /**
   * @param rows without their hashes
   * @param whole gives them with their hashes
   * @param digest what is known of its file set, so that it need not be taken
   */
  constructor(rows: StatRows, whole: () => Rows, digest?: { digest: string; count: number }) {
    this.#light = rows;
    this.rows = whole;
    let entries: ReadonlyMap<string, string> | undefined;
    this.files = digest ? { ...digest, entries: () => (entries ??= entriesOf(whole())) } : fileSet(entriesOf(whole()));
  }

  /**
   * The files that were modified after a moment (milliseconds), among those that count. Only times:
   * what they hold may be the same.
   */
  newerThan(moment: number, counts: (path: string) => boolean): string[] {
    const { paths } = this.#light;
    return paths.filter((path, row) => modifiedAt(this.#light, row) > moment && this.#isFile(row) && counts(path));
  }

  /** The file that was modified last, among those that count. */
  newest(counts: (path: string) => boolean): { path: string; modified: number } | undefined {
    let newest: { path: string; modified: number } | undefined;
    for (const [row, path] of this.#light.paths.entries()) {
      const modified = modifiedAt(this.#light, row);
      if ((newest === undefined || modified > newest.modified) && this.#isFile(row) && counts(path))
        newest = { path, modified };
    }
    return newest;
  }

  /**
   * Whether nothing moved between two looks: a file that was changed and changed back has the same
   * content and a later time.
   */
  isUnmoved(later: SourceTree): boolean {
    return sameStats(this.#light, later.#light);
  }

  #isFile(row: number): boolean {
    const kind = kindOf(this.#light, row);
    return kind !== 'directory' && kind !== 'entered';
  }
}
