import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { oncePer } from '../core/once-per.ts';
import { ifPresent } from '../machine/if-present.ts';
import { tryRun } from '../machine/process.ts';
import { readState, writeState } from '../machine/state-file.ts';
import type { Config } from './config.ts';
import type { Owner } from './judge-owner.ts';

/** Milliseconds. git reads the history back to its beginning, once. */
const GIT_TIMEOUT = 30_000;

/** What is remembered of a repository. Its first commit never changes, once there is one. */
interface Remembered {
  /** Tells a repository from another one that replaced it, or that was copied. */
  git: string;
  /** The time of `.git` before git was asked: a first commit and an end of shallowness change it. */
  asked: number;
  repository?: string | undefined;
}

/** Who owns what this configuration creates. */
export const ownerOf: (config: Config) => Promise<Owner> = oncePer(async (config) => {
  const { project, isProjectNamed: isNamed } = config;
  const directory = ifPresent(() => realpathSync(config.root)) ?? config.root;
  const top = topOfRepository(directory);
  const repository = top === undefined ? undefined : await firstCommit(config, top);
  const within = top === undefined ? undefined : relative(top, directory).split(sep).join('/');
  return { project, isNamed, directory, repository, within };
});

/** The nearest directory with a repository of git in it; undefined if there is none. */
export function topOfRepository(from: string): string | undefined {
  for (let directory = from; ; directory = dirname(directory)) {
    if (existsSync(join(directory, '.git'))) return directory;
    if (directory === dirname(directory)) return undefined;
  }
}

async function firstCommit(config: Config, top: string): Promise<string | undefined> {
  const stat = statSync(join(top, '.git'));
  const { ino, birthtimeMs } = stat;
  const asked = stat.isDirectory() ? stat.mtimeMs : NaN; // the file of a worktree keeps its time
  const git = `${ino} ${birthtimeMs}`;
  const path = join(config.stateDirectory, 'repository.json');
  const remembered = readState<Remembered>(path);
  if (remembered?.git === git && (remembered.repository !== undefined || remembered.asked === asked))
    return remembered.repository;
  const repository = await askGit(top);
  try {
    writeState(path, JSON.stringify({ git, asked, repository } satisfies Remembered));
  } catch {
    // a full or read-only disk: git is asked again the next time
  }
  return repository;
}

/** @returns undefined without git, without a commit, and in a shallow clone, which lacks the first one */
async function askGit(top: string): Promise<string | undefined> {
  const git = async (...args: string[]) => {
    const { exitCode, stdout } = await tryRun(['git', '-C', top, ...args], { timeout: GIT_TIMEOUT });
    return exitCode === 0 ? stdout.trim() : undefined;
  };
  try {
    if ((await git('rev-parse', '--is-shallow-repository')) !== 'false') return undefined;
    return (await git('rev-list', '--first-parent', '--max-parents=0', 'HEAD')) || undefined;
  } catch {
    return undefined; // git is not installed, or too slow
  }
}
