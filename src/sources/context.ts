import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FILE_SYSTEM, stampsDirectories, type FileSystemRules } from '../machine/fs-clock.ts';
import { ifPresent } from '../machine/if-present.ts';
import { IgnoreRules } from '../patterns/dockerignore.ts';
import { hasChanged } from './has-changed.ts';
import { PreviousScan } from './previous-scan.ts';
import { sameStats, type Rows } from './rows.ts';
import { TreeIndex, writeIndex } from './tree-index.ts';
import { SourceTree } from './tree.ts';
import { walk } from './walk.ts';

/**
 * Reads a build context as BuildKit would send it. The index is trusted as long as no file and no
 * directory has another stamp.
 * @param index the path of the index for this context with this ignore file
 */
export async function readContext(
  context: string,
  ignore: string,
  index: string,
  fileSystem: FileSystemRules = FILE_SYSTEM,
): Promise<SourceTree> {
  const known = TreeIndex.read(index);
  if (known?.tree.stampsDirectories && known.tree.rows.doubted.size === 0 && !(await hasChanged(context, known))) {
    const readRows = () => known.readRows() ?? scan(context, ignore, index, undefined, fileSystem).rows;
    return new SourceTree(known.tree.rows, readRows, known.tree);
  }
  return scan(context, ignore, index, known, fileSystem).tree;
}

/** Walks the context, and writes the index if it would be another one. */
export function scan(
  context: string,
  ignore: string,
  index: string,
  previous: TreeIndex | undefined,
  { racy, readClock }: FileSystemRules,
): { rows: Rows; tree: SourceTree } {
  const known = previous?.readRows();
  // Before any file is read, so that later changes have a later time.
  const clock = readClock(`${index}.${process.pid}.clock`);
  const { rows, devices } = walk(context, new IgnoreRules(ignore), new PreviousScan(known, clock, racy));
  const tree = new SourceTree(rows, () => rows);
  if (known && haveSameIndex(known, rows)) return { rows, tree };
  try {
    const { digest, count } = tree.files;
    const isOneDevice = devices.size === 1 && devices.has(clock.device); // the only one that the probe below tests
    writeIndex(index, {
      rows,
      digest,
      count,
      stampsDirectories: isOneDevice && stampsDirectories(`${index}.${process.pid}.probe`),
    });
    removeOldIndexes(dirname(index));
  } catch {
    // If the disk is full or read-only, the next check only takes longer. Other code that needs the
    // disk will report it.
  }
  return { rows, tree };
}

function haveSameIndex(known: Rows, rows: Rows): boolean {
  return (
    known.doubted.size === rows.doubted.size &&
    sameStats(known, rows) &&
    Buffer.compare(known.hashes, rows.hashes) === 0
  );
}

const KEPT_MS = 30 * 24 * 3_600_000;

/**
 * Removes indexes that were not written for a month: every version of an ignore file has its own.
 */
function removeOldIndexes(directory: string): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
    if (written + KEPT_MS < Date.now()) rmSync(path, { force: true, recursive: true });
  }
}

/**
 * The text of a build's ignore file: `<Dockerfile>.dockerignore` if it exists, else `.dockerignore`
 * in the context.
 */
export function readIgnoreFile(context: string, dockerfile?: string): string | undefined {
  const read = (path: string) => ifPresent(() => readFileSync(path, 'utf8'));
  const own = dockerfile === undefined ? undefined : read(`${dockerfile}.dockerignore`);
  return own ?? read(join(context, '.dockerignore'));
}
