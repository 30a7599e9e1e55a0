import type { CountedPaths } from './counted-paths.ts';
import type { Checkout } from './git.ts';
import { judgeDirty } from './judge-dirty.ts';

/** The files that count and are not as in the commit that is checked out, by their paths. */
export async function dirtyFiles({ git }: Checkout, counted: CountedPaths): Promise<string[]> {
  const ask = async (...args: string[]) => {
    const { exitCode, stdout } = await git(...args);
    if (exitCode !== 0) throw new Error(`git ${args[0]} failed`);
    return stdout.split('\0').filter((line) => line !== '');
  };
  const [tree, changed] = await Promise.all([
    ask('ls-tree', '-r', '-z', '--full-tree', 'HEAD'),
    ask(
      'diff',
      '--name-only',
      '-z',
      '--no-renames',
      '--no-relative',
      '--no-ext-diff',
      '--ignore-submodules=none',
      'HEAD',
    ),
  ]);
  return judgeDirty({ tree, changed, ...counted });
}
