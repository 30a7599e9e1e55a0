/** A commit and the paths that it changed against its first parent. */
export interface ListedCommit {
  commit: string;
  /** Seconds since the epoch. */
  time: number;
  parents: string[];
  paths: string[];
}

/** The format of `git log` that `readCommits` reads, with `-z` and `--raw`. */
export const LOG_FORMAT = '%x01%H %ct %P';

const HEADER = /^\n?\u0001([0-9a-f]{40,64}) (\d+) ?([0-9a-f ]*)$/;

/** Reads the output of `git log --raw -z` with that format. */
export function readCommits(output: string): ListedCommit[] {
  const commits: ListedCommit[] = [];
  const words = output.split('\0');
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    const [, commit, time, parents = ''] = HEADER.exec(word) ?? [];
    if (commit !== undefined) {
      commits.push({ commit, time: Number(time), parents: parents.split(' ').filter(Boolean), paths: [] });
    } else if (/^\n?:/.test(word)) {
      i++; // the path follows
      commits.at(-1)?.paths.push(words[i] as string);
    }
  }
  return commits;
}

/** The paths in the output of `git diff-tree --raw -z`. */
export function readPaths(output: string): string[] {
  return output.split('\0').filter((_, i) => i % 2 === 1);
}
