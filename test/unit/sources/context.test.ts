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
import { IgnoreRules } from '../../../src/sources/dockerignore.ts';
import { plant, scratch } from '../../support/scratch.ts';

afterEach(() => void vi.restoreAllMocks());

let reads = 0;

/** Without what earlier reads have remembered. */
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
  it('lists files, directories and links by their paths, and knows their times', async () => {
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

  it('does not enter what is ignored whole', async () => {
    const context = tree({ 'src/a': '', 'node_modules/a/b': '' });
    const asked = vi.spyOn(IgnoreRules.prototype, 'match');
    expect([...(await read(context, 'node_modules\n!src/*.md')).files.entries().keys()].sort()).toEqual([
      'src',
      'src/a',
    ]);
    expect(asked.mock.calls.map(([path]) => path).sort()).toEqual(['node_modules', 'src', 'src/a']);
  });

  it.each<[string, (context: string) => void]>([
    ['a content', (context) => writeFileSync(join(context, 'a'), 'y')],
    ['a name', (context) => renameSync(join(context, 'a'), join(context, 'c'))],
    ['a mode', (context) => chmodSync(join(context, 'a'), 0o755)],
    ["a directory's mode", (context) => chmodSync(join(context, 'd'), 0o700)],
    ['an empty directory', (context) => mkdirSync(join(context, 'd/empty'))],
    ['a link', (context) => symlinkSync('a', join(context, 'link'))],
    ['a pipe', (context) => void execFileSync('mkfifo', [join(context, 'pipe')])],
    [
      'contents exchanged',
      (context) => {
        renameSync(join(context, 'a'), join(context, 'c'));
        renameSync(join(context, 'b'), join(context, 'a'));
        renameSync(join(context, 'c'), join(context, 'b'));
      },
    ],
    [
      'a name that is no text',
      (context) => writeFileSync(Buffer.concat([Buffer.from(`${context}/x`), Buffer.from([0xff])]), ''),
    ],
  ])('has another digest with %s', async (_, change) => {
    const context = tree({ a: 'x', b: 'z', 'd/e': '' });
    const before = await digest(context);
    change(context);
    expect(await digest(context)).not.toBe(before);
  });

  it('has the same digest wherever it lies, whatever its times, owners and order of writing', async () => {
    const one = tree({ a: 'x', 'd/b': 'y', c: 'z' });
    const other = tree({ c: 'z', 'd/b': 'y', a: 'x' });
    utimesSync(join(other, 'a'), 1, 1);
    utimesSync(join(other, 'd'), 1, 1);
    expect(await digest(other)).toBe(await digest(one));
    expect((await read(other)).isUnmoved(await read(one))).toBe(false);
    expect((await read(other)).isUnmoved(await read(other))).toBe(true);
  });

  it('is not fooled by a link whose target looks like further lines', async () => {
    const honest = tree({ b: 'x' });
    symlinkSync('t', join(honest, 'a'));
    const line = (await read(honest)).files.entries().get('b') as string;
    const forged = tree();
    symlinkSync(`t "a"\n${line}`, join(forged, 'b'));
    expect(await digest(forged)).not.toBe(await digest(honest));
  });

  it('takes a hard link for the file it is', async () => {
    const context = tree({ a: 'x' });
    linkSync(join(context, 'a'), join(context, 'b'));
    expect(await digest(context)).toBe(await digest(tree({ a: 'x', b: 'x' })));
  });

  it('feels a change of the modes on the way to an exception, and no other of what is ignored', async () => {
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
  it("is the Dockerfile's own, even an empty one, before that of the context", () => {
    const context = tree({ '.dockerignore': 'context', 'docker/Dockerfile': '' });
    const dockerfile = join(context, 'docker/Dockerfile');
    expect(readIgnoreFile(context, dockerfile)).toBe('context');
    writeFileSync(`${dockerfile}.dockerignore`, '');
    expect(readIgnoreFile(context, dockerfile)).toBe('');
  });

  it('is none where there is none, or a directory', () => {
    const context = tree({ Dockerfile: '' });
    expect(readIgnoreFile(context, join(context, 'Dockerfile'))).toBeUndefined();
    mkdirSync(join(context, '.dockerignore'));
    expect(readIgnoreFile(context, join(context, 'Dockerfile'))).toBeUndefined();
  });
});
