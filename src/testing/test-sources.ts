import { lstatSync, readdirSync, statSync, type Dirent, type Stats } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { digestOfJson } from '../core/digest.ts';
import { isSettled, type Clock } from '../machine/fs-clock.ts';
import { hashFile } from '../machine/hash-file.ts';
import { ifPresent } from '../machine/if-present.ts';
import type { ModuleReport } from './module-report.ts';
import { digestOfFiles, directoriesUp, installedIn, settingsIn } from './package-files.ts';

/** Files that the runner finds by following imports. */
const MODULE = /\.[cm]?[jt]sx?$/;
const MISSING = 'not there';
const PACKAGES_OF = 'packages of ';

/** The current digest of one name, and the stats of every file and directory read for it. */
interface Snapshot {
  digest: string;
  stats: Stats[];
}

/**
 * The files that tests depend on, as they are now. Names are relative to the root:
 * - `lib/two.ts` is the content of a file.
 * - `lib/` is the list of names in a directory: an import may resolve to a new file.
 * - `test/**` is every file below a directory that is not a module: tests may read it.
 * - `packages of lib` is what a directory says about packages and tools: settings, such as
 *   package.json or vitest.config.ts, and what an installer recorded.
 */
export class TestSources {
  readonly #root: string;
  readonly #snapshots = new Map<string, Snapshot>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Everything that a test file depends on, except what all tests share. */
  namesOf({ file, imports, configurations }: Omit<ModuleReport, 'passed'>): string[] {
    const own = imports.filter(isOwn);
    const names = new Set([...own, ...configurations.filter(isOwn)].map((path) => this.#nameOf(path)));
    const directories = new Set(own.map((path) => dirname(path)));
    for (const directory of directories) names.add(`${this.#nameOf(directory)}/`);
    for (const directory of this.#belowRoot(directories)) names.add(`${PACKAGES_OF}${this.#nameOf(directory)}`);
    return [...names, `${this.#nameOf(dirname(file))}/**`];
  }

  digest(name: string): string {
    return this.#snapshot(name).digest;
  }

  /** Whether it certainly has not changed since the clock was read. */
  isOlderThan(name: string, clock: Clock): boolean {
    const { digest, stats } = this.#snapshot(name);
    return digest !== MISSING && stats.every((stat) => isSettled(stat, undefined, clock, 0));
  }

  #snapshot(name: string): Snapshot {
    const snapshot = this.#snapshots.get(name) ?? read(this.#root, name);
    this.#snapshots.set(name, snapshot);
    return snapshot;
  }

  /** These directories and their parents, without the root and its parents: all tests share those. */
  #belowRoot(directories: ReadonlySet<string>): Set<string> {
    const below = new Set([...directories].flatMap(directoriesUp));
    for (const directory of directoriesUp(this.#root)) below.delete(directory);
    return below;
  }

  #nameOf(path: string): string {
    return relative(this.#root, path).split(sep).join('/') || '.';
  }
}

/** Whether a file is not part of an installed package. What is installed has names of its own. */
function isOwn(path: string): boolean {
  return !path.split(sep).includes('node_modules');
}

function read(root: string, name: string): Snapshot {
  if (name.startsWith(PACKAGES_OF)) return readPackages(resolve(root, name.slice(PACKAGES_OF.length)));
  if (name.endsWith('/**')) return readBelow(resolve(root, name.slice(0, -3)));
  if (name.endsWith('/')) return readNames(resolve(root, name));
  return readContent(resolve(root, name));
}

function readContent(path: string): Snapshot {
  const found = ifPresent(() => {
    const stat = statSync(path);
    return { digest: Buffer.from(hashFile(path, stat.size)).toString('hex'), stats: [stat] };
  });
  return found ?? { digest: MISSING, stats: [] };
}

function readPackages(directory: string): Snapshot {
  const files = [...settingsIn(directory), ...installedIn(directory)];
  return { digest: digestOfFiles(files), stats: files.map(({ stat }) => stat) };
}

/** Ignores the modification time of the directory: a temporary file changes that, too. */
function readNames(directory: string): Snapshot {
  const found = ifPresent(() => {
    const names = readdirSync(directory).filter((name) => !belongsToTools(name));
    const stats = names.flatMap((name) => ifPresent(() => lstatSync(join(directory, name))) ?? []);
    return { digest: digestOfJson(names.sort()), stats };
  });
  return found ?? { digest: MISSING, stats: [] };
}

function readBelow(directory: string): Snapshot {
  const found = ifPresent(() => {
    const entries = readdirSync(directory, { withFileTypes: true }).filter(isRelevant);
    const snapshots = entries.map((entry) => {
      const path = join(directory, entry.name);
      return entry.isDirectory() ? readBelow(path) : readContent(path);
    });
    const parts = entries.map((entry, i) => [entry.name, snapshots[i]?.digest]).sort();
    return { digest: digestOfJson(parts), stats: [lstatSync(directory), ...snapshots.flatMap(({ stats }) => stats)] };
  });
  return found ?? { digest: MISSING, stats: [] };
}

function isRelevant(entry: Dirent): boolean {
  if (belongsToTools(entry.name)) return false;
  return entry.isDirectory() || ((entry.isFile() || entry.isSymbolicLink()) && !MODULE.test(entry.name));
}

/** Of what is in these, only the records of installers count. */
function belongsToTools(name: string): boolean {
  return name === 'node_modules' || name.startsWith('.');
}
