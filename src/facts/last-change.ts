import { LOG_FORMAT, readCommits, readPaths, type ListedCommit } from './change-list.ts';
import type { Checkout, Git } from './git.ts';

/** How many commits are read at first. Each further reading takes four times as many. */
const FIRST = 64;
const LARGEST = 16_384;

/** The user's settings of git must not change what it prints. */
const PLAIN = ['--raw', '-z', '--no-renames', '--no-abbrev', '--no-relative', '--no-color', '--ignore-submodules=none'];

/**
 * The last commit that changed one of the paths, back from what is checked out. No path differs
 * between that commit and the one that is checked out. A merge that took the paths as they were in
 * one of its parents is followed there, as git does with a path.
 * @returns undefined if no commit changed them, or if the history is cut off before it
 */
export async function lastChange(
  { git, head, isShallow }: Checkout,
  counts: (path: string) => boolean,
): Promise<ListedCommit | undefined> {
  let from: string | undefined = head;
  for (let batch = FIRST; from !== undefined; batch = Math.min(batch * 4, LARGEST)) {
    const commits: ListedCommit[] = await firstParents(git, from, batch);
    const found = commits.find(({ paths }) => paths.some(counts));
    if (found === undefined) {
      from = commits.at(-1)?.parents[0];
      continue;
    }
    // Where the history is cut off, everything looks as if it were new.
    if (isShallow && found.parents.length === 0) return undefined;
    const same = await sameParent(git, found, counts);
    if (same === undefined) return found;
    from = same;
  }
  return undefined;
}

async function firstParents(git: Git, from: string, count: number): Promise<ListedCommit[]> {
  const how = ['--first-parent', '-m', '--no-show-signature', '--root', `--max-count=${count}`];
  const { exitCode, stdout } = await git('log', ...how, ...PLAIN, `--format=${LOG_FORMAT}`, from, '--');
  if (exitCode !== 0) throw new Error(`git could not list the commits of ${from}`);
  return readCommits(stdout);
}

/** Another parent of a merge that has the same files. */
async function sameParent(
  git: Git,
  { commit, parents }: ListedCommit,
  counts: (path: string) => boolean,
): Promise<string | undefined> {
  for (const parent of parents.slice(1)) {
    const { exitCode, stdout } = await git('diff-tree', '-r', ...PLAIN, parent, commit, '--');
    if (exitCode === 0 && !readPaths(stdout).some(counts)) return parent;
  }
  return undefined;
}
