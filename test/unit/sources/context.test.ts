import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readContext, readIgnoreFile } from '../../../src/sources/context.ts';
import { IgnoreRules } from '../../../src/patterns/dockerignore.ts';
import { plant, scratch } from '../../support/scratch.ts';

afterEach(() => void vi.restoreAllMocks());

let reads = 0;

/** Reads a context without the index of an earlier scan. */
function read(context: string, ignore = '') {
  return readContext(context, ignore, join(context, '..', `index ${reads++}`));
}

async function digest(context: string, ignore = ''): Promise<string> {
  return (await read(context, ignore)).files.digest;
}

function tree(files: Record<string, string> = {}): string {
  const context = join(scratch(), 'context');
  mkdirSync(context);
  plant(context, files);
  return context;
}

describe('a build context', () => {
  it('lists files, directories and links by their paths, with their times', async () => {
    const context = tree({ 'a/b': 'xyz', 'empty/': '', c: '' });
    symlinkSync('a/b', join(context, 'link'));
    utimesSync(join(context, 'c'), 5, 5);
    utimesSync(join(context, 'a/b'), 9, 9);
    lutimesSync(join(context, 'link'), 7, 7);
    const source = await read(context);
    const { files } = source;
    expect([...files.entries().keys()].sort()).toEqual(['a', 'a/b', 'c', 'empty', 'link']);
    expect(files.count).toBe(3);
    const all = () => true;
    expect(source.newerThan(5_000, all).sort()).toEqual(['a/b', 'link']);
    expect(source.newerThan(5_000, (path) => path === 'link')).toEqual(['link']);
    expect(source.newest(all)).toEqual({ path: 'a/b', modified: 9_000 });
    expect(source.newest((path) => path === 'c')).toEqual({ path: 'c', modified: 5_000 });
    expect(source.newest(() => false)).toBeUndefined();
  });

  it('does not enter directories that are ignored as a whole', async () => {
    const context = tree({ 'src/a': '', 'node_modules/a/b': '' });
    const match = vi.spyOn(IgnoreRules.prototype, 'match');
    expect([...(await read(context, 'node_modules\n!src/*.md')).files.entries().keys()].sort()).toEqual([
      'src',
      'src/a',
    ]);
    expect(match.mock.calls.map(([path]) => path).sort()).toEqual(['node_modules', 'src', 'src/a']);
  });

  it.each<[string, (context: string) => void]>([
    ['another content', (context) => writeFileSync(join(context, 'a'), 'y')],
    ['another name', (context) => renameSync(join(context, 'a'), join(context, 'c'))],
    ['another mode', (context) => chmodSync(join(context, 'a'), 0o755)],
    ['another mode of a directory', (context) => chmodSync(join(context, 'd'), 0o700)],
    ['a new empty directory', (context) => mkdirSync(join(context, 'd/empty'))],
    ['a new link', (context) => symlinkSync('a', join(context, 'link'))],
    ['a new pipe', (context) => void execFileSync('mkfifo', [join(context, 'pipe')])],
    [
      'exchanged contents',
      (context) => {
        renameSync(join(context, 'a'), join(context, 'c'));
        renameSync(join(context, 'b'), join(context, 'a'));
        renameSync(join(context, 'c'), join(context, 'b'));
      },
    ],
    [
      'a name that is not UTF-8',
      (context) => writeFileSync(Buffer.concat([Buffer.from(`${context}/x`), Buffer.from([0xff])]), ''),
    ],
  ])('has another digest with %s', async (_, change) => {
    const context = tree({ a: 'x', b: 'z', 'd/e': '' });
    const before = await digest(context);
    change(context);
    expect(await digest(context)).not.toBe(before);
  });

  it('has the same digest at any path, with any times and order of writing', async () => {
    const one = tree({ a: 'x', 'd/b': 'y', c: 'z' });
    const other = tree({ c: 'z', 'd/b': 'y', a: 'x' });
    utimesSync(join(other, 'a'), 1, 1);
    utimesSync(join(other, 'd'), 1, 1);
    expect(await digest(other)).toBe(await digest(one));
    expect((await read(other)).isUnmoved(await read(one))).toBe(false);
    expect((await read(other)).isUnmoved(await read(other))).toBe(true);
  });

  it('is not deceived by a link whose target looks like more lines', async () => {
    const honest = tree({ b: 'x' });
    symlinkSync('t', join(honest, 'a'));
    const line = (await read(honest)).files.entries().get('b') as string;
    const forged = tree();
    symlinkSync(`t "a"\n${line}`, join(forged, 'b'));
    expect(await digest(forged)).not.toBe(await digest(honest));
  });

  it('treats a hard link as a file', async () => {
    const context = tree({ a: 'x' });
    linkSync(join(context, 'a'), join(context, 'b'));
    expect(await digest(context)).toBe(await digest(tree({ a: 'x', b: 'x' })));
  });

  it('depends on the modes of the directories above an exception, and on nothing else that is ignored', async () => {
    const context = tree({ 'src/deep/kept': '', 'src/other/gone': '', top: '' });
    const ignore = '*\n!src/deep/kept';
    const before = await digest(context, ignore);
    chmodSync(join(context, 'src/other'), 0o700);
    writeFileSync(join(context, 'top'), 'x');
    expect(await digest(context, ignore)).toBe(before);
    chmodSync(join(context, 'src'), 0o700);
    expect(await digest(context, ignore)).not.toBe(before);
  });
});

describe('the ignore file of a build', () => {
  it('is that of the Dockerfile, even if empty, before that of the context', () => {
    const context = tree({ '.dockerignore': 'context', 'docker/Dockerfile': '' });
    const dockerfile = join(context, 'docker/Dockerfile');
    expect(readIgnoreFile(context, dockerfile)).toBe('context');
    writeFileSync(`${dockerfile}.dockerignore`, '');
    expect(readIgnoreFile(context, dockerfile)).toBe('');
  });

  it('does not exist if there is none or it is a directory', () => {
    const context = tree({ Dockerfile: '' });
    expect(readIgnoreFile(context, join(context, 'Dockerfile'))).toBeUndefined();
    mkdirSync(join(context, '.dockerignore'));
    expect(readIgnoreFile(context, join(context, 'Dockerfile'))).toBeUndefined();
  });
});
