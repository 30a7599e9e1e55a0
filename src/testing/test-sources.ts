import { lstatSync, readdirSync, statSync, type Dirent, type Stats } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { digestOfJson } from '../core/digest.ts';
import { isSettled, type Clock } from '../machine/fs-clock.ts';
import { hashFile } from '../machine/hash-file.ts';
import { ifPresent } from '../machine/if-present.ts';

/** What the runner itself finds by following imports. */
const MODULE = /\.[cm]?[jt]sx?$/;
const GONE = 'not there';

/** What one name stands for now, and every file and directory that was looked at for it. */
interface Look {
  digest: string;
  stats: Stats[];
}

/**
 * The files that tests are made of, as they are in this moment. Names count from the root:
 * `lib/two.ts` is what a file holds; `lib/` the names in a directory, for a new file may be what an
 * import means from then on; `test/**` is everything below that is no module, for tests read such
 * files by themselves.
 */
export class TestSources {
  readonly #root: string;
  readonly #looks = new Map<string, Look>();

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * All that a test file is made of. Installed packages are left out: they are the same for all.
   */
  namesOf(file: string, imports: readonly string[]): string[] {
    const own = imports.filter((path) => !path.split(sep).includes('node_modules'));
    const names = new Set(own.map((path) => this.#nameOf(path)));
    for (const path of own) names.add(`${this.#nameOf(dirname(path))}/`);
    return [...names, `${this.#nameOf(dirname(file))}/**`];
  }

  digest(name: string): string {
    return this.#look(name).digest;
  }

  /** Whether it is surely as it was when the clock was read. */
  isOlderThan(name: string, clock: Clock): boolean {
    const { digest, stats } = this.#look(name);
    return digest !== GONE && stats.every((stat) => isSettled(stat, undefined, clock, 0));
  }

  #look(name: string): Look {
    const look = this.#looks.get(name) ?? lookAt(this.#root, name);
    this.#looks.set(name, look);
    return look;
  }

  #nameOf(path: string): string {
    return relative(this.#root, path).split(sep).join('/') || '.';
  }
}

function lookAt(root: string, name: string): Look {
  if (name.endsWith('/**')) return lookBelow(resolve(root, name.slice(0, -3)));
  if (name.endsWith('/')) return lookAtNames(resolve(root, name));
  return lookAtFile(resolve(root, name));
}

function lookAtFile(path: string): Look {
  const found = ifPresent(() => {
    const stat = statSync(path);
    return { digest: Buffer.from(hashFile(path, stat.size)).toString('hex'), stats: [stat] };
  });
  return found ?? { digest: GONE, stats: [] };
}

/**
 * Not by the directory's own time: whatever was there for a moment, and meant nothing to an import,
 * changes that.
 */
function lookAtNames(directory: string): Look {
  const found = ifPresent(() => {
    const names = readdirSync(directory).filter((name) => !isToolsOwn(name));
    const stats = names.flatMap((name) => ifPresent(() => lstatSync(join(directory, name))) ?? []);
    return { digest: digestOfJson(names.sort()), stats };
  });
  return found ?? { digest: GONE, stats: [] };
}

function lookBelow(directory: string): Look {
  const found = ifPresent(() => {
    const below = readdirSync(directory, { withFileTypes: true }).filter(counts);
    const looks = below.map((entry) => {
      const path = join(directory, entry.name);
      return entry.isDirectory() ? lookBelow(path) : lookAtFile(path);
    });
    const parts = below.map((entry, i) => [entry.name, looks[i]?.digest]).sort();
    return { digest: digestOfJson(parts), stats: [lstatSync(directory), ...looks.flatMap(({ stats }) => stats)] };
  });
  return found ?? { digest: GONE, stats: [] };
}

function counts(entry: Dirent): boolean {
  if (isToolsOwn(entry.name)) return false;
  return entry.isDirectory() || ((entry.isFile() || entry.isSymbolicLink()) && !MODULE.test(entry.name));
}

/** Packages are looked at elsewhere. */
function isToolsOwn(name: string): boolean {
  return name === 'node_modules' || name.startsWith('.');
}
