import { realpathSync } from 'node:fs';
import { tryRun } from '../machine/process.ts';

/** Milliseconds. */
const TIMEOUT = 60_000;

/** A hook of git sets these for its own repository. */
const REDIRECTING = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_COMMON_DIR',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_NAMESPACE',
  'GIT_PREFIX',
];

/** Asks git about one repository. Its environment cannot point to another one. */
export type Git = (...args: string[]) => Promise<{ exitCode: number; stdout: string }>;

/** What is checked out. */
export interface Checkout {
  git: Git;
  /** The directory of the work tree, without links. */
  top: string;
  head: string;
  /** Whether the history is cut off: what comes before its oldest commit is not there. */
  isShallow: boolean;
}

/** The work tree that contains a directory; a string says why none is usable. */
export async function checkoutOf(
  directory: string,
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<Checkout | string> {
  const git = gitIn(directory, env, signal);
  try {
    const { exitCode, stdout } = await git('rev-parse', '--show-toplevel', '--is-shallow-repository');
    const [top = '', isShallow] = stdout.trimEnd().split('\n');
    if (exitCode !== 0 || top === '') return 'there is no git repository that git would read';
    const head = await git('rev-parse', '--verify', '--quiet', 'HEAD^{commit}');
    if (head.exitCode !== 0) return 'there is no commit yet';
    return {
      git: gitIn(top, env, signal),
      top: realpathSync(top),
      head: head.stdout.trim(),
      isShallow: isShallow !== 'false',
    };
  } catch {
    signal?.throwIfAborted();
    return 'git did not answer';
  }
}

function gitIn(directory: string, env: NodeJS.ProcessEnv, signal?: AbortSignal): Git {
  const baseEnv = Object.fromEntries(Object.entries(env).filter(([name]) => !REDIRECTING.includes(name)));
  return async (...args) => {
    const argv = ['git', '--no-replace-objects', '-C', directory, ...args] as const;
    const { exitCode, stdout } = await tryRun(argv, {
      baseEnv,
      // Looking must not take the lock of the index from the user's own git.
      env: { LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0' },
      timeout: TIMEOUT,
      signal,
    });
    return { exitCode, stdout };
  };
}
