import { fileSet, type FileSet } from './file-set.ts';
import { entriesOf, kindOf, modifiedAt, sameStats, type Rows, type StatRows } from './rows.ts';

/** A build context at one time. */
export class SourceTree {
  readonly files: FileSet;
  /** All rows. They are scanned again if the index that they come from has been replaced. */
  readonly rows: () => Rows;
  readonly #stats: StatRows;

  /**
   * @param stats the rows without their hashes
   * @param rows reads the rows with their hashes
   * @param known digest and count of its file set, if they need not be computed
   */
  constructor(stats: StatRows, rows: () => Rows, known?: { digest: string; count: number }) {
    this.#stats = stats;
    this.rows = rows;
    let entries: ReadonlyMap<string, string> | undefined;
    this.files = known ? { ...known, entries: () => (entries ??= entriesOf(rows())) } : fileSet(entriesOf(rows()));
  }

  /**
   * The files that count and were modified after a time (milliseconds). Their contents may be the
   * same.
   */
  newerThan(time: number, counts: (path: string) => boolean): string[] {
    return this.#paths((row) => modifiedAt(this.#stats, row) > time && this.#isFile(row)).filter(counts);
  }

  /** Among the files that count, the one that was modified last. */
  newest(counts: (path: string) => boolean): { path: string; modified: number } | undefined {
    let newest: { path: string; modified: number } | undefined;
    for (let row = 0; row < this.#stats.paths.length; row++) {
      const modified = modifiedAt(this.#stats, row);
      if ((newest !== undefined && modified <= newest.modified) || !this.#isFile(row)) continue;
      const path = this.#stats.paths.at(row);
      if (counts(path)) newest = { path, modified };
    }
    return newest;
  }

  /** The first path in the context that fits. */
  find(fits: (path: string) => boolean): string | undefined {
    return this.#stats.paths.all().find((path, row) => fits(path) && kindOf(this.#stats, row) !== 'entered');
  }

  /** All directories that were read, those too that are not in the context themselves. */
  directories(): string[] {
    return this.#paths((row) => !this.#isFile(row));
  }

  /**
   * Whether nothing was touched between two scans. A file that was changed and changed back has the
   * same content but a later time.
   * @param besidesDirectories leave out the times of directories: any entry that comes or goes
   * changes them, even an ignored one
   */
  isUnmoved(later: SourceTree, besidesDirectories = false): boolean {
    const counts = besidesDirectories ? (row: number) => this.#isFile(row) : undefined;
    return sameStats(this.#stats, later.#stats, counts);
  }

  #paths(isMeant: (row: number) => boolean): string[] {
    const { paths } = this.#stats;
    return Array.from({ length: paths.length }, (_, row) => row).flatMap((row) => (isMeant(row) ? paths.at(row) : []));
  }

  #isFile(row: number): boolean {
    const kind = kindOf(this.#stats, row);
    return kind !== 'directory' && kind !== 'entered';
  }
}
