import { renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readContext } from '../../../src/sources/context.ts';
import { IgnoreRules } from '../../../src/patterns/dockerignore.ts';
import { watchContext } from '../../../src/sources/watch-context.ts';
import { plant, scratch } from '../../support/scratch.ts';

const IGNORE = '**/*.tmp\nlogs\n!logs/kept/a\n';

/** What the watch of a small context says after `change`. */
async function watched(change: (root: string) => void): Promise<boolean | undefined> {
  const root = scratch();
  plant(root, { a: '1', 'src/b': '1', 'logs/kept/a': '1', 'logs/x': '1' });
  const tree = await readContext(root, IGNORE, join(scratch(), 'index'));
  const watch = watchContext(root, tree, new IgnoreRules(IGNORE));
  change(root);
  return watch.end();
}

const comesAndGoes = (path: string) => (root: string) => {
  writeFileSync(join(root, path), '');
  rmSync(join(root, path));
};

describe('a watched context', () => {
  it.each<[string, boolean, (root: string) => void]>([
    ['nothing', false, () => undefined],
    ['an ignored file at the top', false, comesAndGoes('x.tmp')],
    ['an ignored file below', false, comesAndGoes('src/x.tmp')],
    ['an ignored file beside an exception', false, comesAndGoes('logs/y')],
    ['a file', true, comesAndGoes('src/new')],
    ['a file that an exception includes', true, (root) => rmSync(join(root, 'logs/kept/a'))],
    ['a directory', true, (root) => renameSync(join(root, 'src'), join(root, 'lib'))],
    ['an ignored name that becomes another', true, (root) => renameSync(join(root, 'a'), join(root, 'a.tmp'))],
  ])('tells whether something in it came or went: %s', async (_, expected, change) => {
    expect(await watched(change)).toBe(expected);
  });

  it('leaves changed files to their own times', async () => {
    const change = (root: string) => {
      writeFileSync(join(root, 'a'), '2');
      utimesSync(join(root, 'src/b'), 1, 1);
    };
    expect(await watched(change)).toBe(false);
  });

  it('says that it does not know if a directory is gone before it is watched', async () => {
    const root = scratch();
    plant(root, { 'src/b': '1' });
    const tree = await readContext(root, '', join(scratch(), 'index'));
    rmSync(join(root, 'src'), { recursive: true });
    expect(await watchContext(root, tree, new IgnoreRules('')).end()).toBeUndefined();
  });
});
