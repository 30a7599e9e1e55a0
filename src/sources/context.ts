import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FILE_SYSTEM, stampsDirectories, type FileSystemRules } from '../machine/fs-clock.ts';
import { ifPresent } from '../machine/if-present.ts';
import { IgnoreRules } from './dockerignore.ts';
import { hasChanged } from './has-changed.ts';
import { PreviousScan } from './previous-scan.ts';
import { sameStats, type Rows } from './rows.ts';
import { TreeIndex, writeIndex } from './tree-index.ts';
import { SourceTree } from './tree.ts';
import { walk } from './walk.ts';

/**
 * Reads a build context as BuildKit would send it. What its index tells is believed as long as no
 * file in it, and no directory, has moved.
 * @param index where the index of this context under this ignore file stands
 */
export async function readContext(
  context: string,
  ignore: string,
  index: string,
  fileSystem: FileSystemRules = FILE_SYSTEM,
): Promise<SourceTree> {
  const known = TreeIndex.read(index);
  if (known?.tree.stampsDirectories && known.tree.rows.doubted.size === 0 && !(await hasChanged(context, known))) {
    const whole = () => known.readRows() ?? readAnew(context, ignore, index, undefined, fileSystem).rows;
    return new SourceTree(known.tree.rows, whole, known.tree);
  }
  return readAnew(context, ignore, index, known, fileSystem).tree;
}

/** Walks it, and writes the index where it would help the next time. */
function readAnew(
  context: string,
  ignore: string,
  index: string,
  before: TreeIndex | undefined,
  { racy, readClock }: FileSystemRules,
): { rows: Rows; tree: SourceTree } {
  const known = before?.readRows();
  // before any file is read: what changes later has a later time
  const clock = readClock(`${index}.${process.pid}.clock`);
  const { rows, devices } = walk(context, new IgnoreRules(ignore), new PreviousScan(known, clock, racy));
  const tree = new SourceTree(rows, () => rows);
  if (known && wouldBeSame(known, rows)) return { rows, tree };
  try {
    const { digest, count } = tree.files;
    const isOneDevice = devices.size === 1 && devices.has(clock.device); // the probe below speaks for that one only
    writeIndex(index, {
      rows,
      digest,
      count,
      stampsDirectories: isOneDevice && stampsDirectories(`${index}.${process.pid}.probe`),
    });
    forgetOldIndexes(dirname(index));
  } catch {
    // A full or read-only disk costs the next check its time; whatever else needs the disk will say
    // so.
  }
  return { rows, tree };
}

function wouldBeSame(known: Rows, rows: Rows): boolean {
  return (
    known.doubted.size === rows.doubted.size &&
    sameStats(known, rows) &&
    Buffer.compare(known.hashes, rows.hashes) === 0
  );
}

const KEPT_MS = 30 * 24 * 3_600_000;

/**
 * Each ignore file that ever was has an index of its own: those that were not written for a month
 * are given up.
 */
function forgetOldIndexes(directory: string): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
    if (written + KEPT_MS < Date.now()) rmSync(path, { force: true, recursive: true });
  }
}

/**
 * The text of a build's ignore file: `<Dockerfile>.dockerignore` where there is one, else
 * `.dockerignore` of the context.
 */
export function readIgnoreFile(context: string, dockerfile?: string): string | undefined {
  const read = (path: string) => ifPresent(() => readFileSync(path, 'utf8'));
  const own = dockerfile === undefined ? undefined : read(`${dockerfile}.dockerignore`);
  return own ?? read(join(context, '.dockerignore'));
}
