import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { patternFilter } from '../../../src/auditing/context-files.ts';
import { followLinks } from '../../../src/auditing/follow-links.ts';
import { secretContents } from '../../../src/auditing/secret-contents.ts';
import { unmatchedLines } from '../../../src/auditing/unmatched-lines.ts';
import { readContext } from '../../../src/sources/context.ts';
import { plant, scratch } from '../../support/scratch.ts';

describe('what BuildKit asks for', () => {
  it('includes what links on the way point to', () => {
    const context = scratch();
    plant(context, { 'real/deep/f': 'x', 'w/a.txt': 'x', 'w/b.md': 'x' });
    symlinkSync('../real', join(context, 'w', 'link.txt'));
    symlinkSync('real', join(context, 'direct'));
    expect(followLinks(context, ['direct/deep/f', 'none'])).toEqual(['direct', 'none', 'real/deep/f']);
    expect(followLinks(context, ['w/*.txt'])).toEqual(['real', 'w/*.txt']);
    expect(followLinks(context, ['w', ''])).toBeUndefined();
  });

  it('is what its patterns match, and all below', () => {
    const isTaken = patternFilter(['src', '*.md', '#x']);
    expect(['src/a/b', 'README.md', '#x/y'].filter((path) => !isTaken(path))).toEqual([]);
    expect(['other/src', 'docs/README.md', 'srcs'].filter(isTaken)).toEqual([]);
  });
});

it('lines of an ignore file that match nothing are named, not those that match what is excluded', async () => {
  const context = scratch();
  plant(context, { 'a/x.log': '', 'node_modules/y/z.tmp': '', 'b/c': '' });
  const ignore = '# comment\n**/*.log\nnode_modules\n\n*.tmp\n/b/c\n!gone\n  /none/  \nb/?';
  const index = join(scratch(), 'index');
  const tree = await readContext(context, ignore, index);
  expect(unmatchedLines(context, ignore, tree.directories())).toEqual([
    { line: 5, text: '*.tmp' },
    { line: 7, text: '!gone' },
    { line: 8, text: '/none/' },
  ]);
});

it('files with secrets are found again in the next audit, also after another file changed', async () => {
  const [context, state] = [scratch(), scratch()];
  const key = '-----BEGIN PRIVATE KEY-----\nMIIE\n';
  plant(context, { 'a.txt': 'nothing', 'b.txt': `x\n${key}`, binary: `\0${key}` });
  const look = async () => {
    const tree = await readContext(context, '', join(state, 'index'));
    return [...secretContents(context, tree.rows(), join(state, 'clean'))];
  };
  const first = await look();
  expect(first).toEqual([['b.txt', { what: 'a private key', line: 2 }]]);
  plant(context, { 'a.txt': key });
  expect(await look()).toEqual([['a.txt', { what: 'a private key', line: 1 }], ...first]);
});
