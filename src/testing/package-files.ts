import { existsSync, readdirSync, statSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { digestOfJson } from '../core/digest.ts';
import { hashFile } from '../machine/hash-file.ts';
import { ifPresent } from '../machine/if-present.ts';

/**
 * Files that tools find by their place in a directory or a parent, without an import: they
 * determine which packages should be installed, how sources are compiled and how vitest runs.
 */
const SETTINGS =
  /^(package\.json|package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|pnpm-workspace\.yaml|bun\.lockb?|tsconfig.*\.json|\.env.*|\.npmrc|\.yarnrc(\.yml)?|(vite|vitest)\.config\.[cm]?[jt]s)$/;

/**
 * Where installers record what they have really installed. A lock file only says what the next
 * installation will do.
 */
const RECORDS = [
  'node_modules/.package-lock.json', // npm
  'node_modules/.modules.yaml', // pnpm: how packages are linked
  'node_modules/.pnpm/lock.yaml', // pnpm: which versions
  'node_modules/.yarn-state.yml', // yarn with node_modules
  'node_modules/.yarn-integrity', // yarn 1
  '.yarn/install-state.gz', // yarn
  '.pnp.cjs', // yarn with Plug'n'Play
  '.pnp.data.json',
];

/** A file that was read: its digest, and its stats from before. */
export interface ReadFile {
  path: string;
  digest: string;
  stat: Stats;
}

/** The settings of packages and tools in a directory, sorted by path. */
export function settingsIn(directory: string): ReadFile[] {
  const names = ifPresent(() => readdirSync(directory)) ?? [];
  return names.filter((name) => SETTINGS.test(name)).flatMap((name) => readFile(join(directory, name)));
}

/** What installers recorded in a directory about the packages in it. */
export function installedIn(directory: string): ReadFile[] {
  return RECORDS.flatMap((record) => readFile(join(directory, record)));
}

/** One digest for all these files. */
export function digestOfFiles(files: readonly ReadFile[]): string {
  return digestOfJson(files.map(({ path, digest }) => [path, digest]).sort());
}

/** A directory and its parents, up to the root of the repository. */
export function directoriesUp(from: string): string[] {
  const directories = [from];
  for (let at = from; !existsSync(join(at, '.git')) && dirname(at) !== at; directories.push(at)) at = dirname(at);
  return directories;
}

/**
 * A directory and all its parents. Node looks for packages in each, also above the repository: a
 * worktree within a checkout uses the packages of the checkout.
 */
export function allDirectoriesUp(from: string): string[] {
  const parent = dirname(from);
  return parent === from ? [from] : [from, ...allDirectoriesUp(parent)];
}

function readFile(path: string): ReadFile[] {
  const read = ifPresent(() => {
    const stat = statSync(path);
    return { path, digest: Buffer.from(hashFile(path, stat.size)).toString('hex'), stat };
  });
  return read ? [read] : [];
}
