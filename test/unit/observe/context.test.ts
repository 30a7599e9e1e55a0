import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inputsDigest } from '../../../src/model/inputs.ts';
import { newerThan, readContext, readIgnoreFile } from '../../../src/observe/context.ts';
import { FileIndex } from '../../../src/observe/file-index.ts';
import { plant, scratch } from '../../support/scratch.ts';

function read(context: string, ignore = '') {
  return readContext(context, ignore, FileIndex.open(join(context, '..', 'no-index.json')));
}

function digest(context: string, ignore = ''): string {
  return inputsDigest({ files: read(context, ignore).files, settings: {}, bases: {} });
}

function tree(files: Record<string, string> = {}): string {
  const context = join(scratch(), 'context');
  mkdirSync(context);
  plant(context, files);
  return context;
}

describe('a build context', () => {
  it('lists files, directories and links by their paths, with sizes and times', () => {
    const context = tree({ 'a/b': 'xyz', 'empty/': '', c: '' });
    symlinkSync('a/b', join(context, 'link'));
    utimesSync(join(context, 'c'), 5, 5);
    const { files, bytes, modified } = read(context);
    expect([...files.keys()].sort()).toEqual(['a', 'a/b', 'c', 'empty', 'link']);
    expect(bytes).toBe(3 + 'a/b'.length);
    expect(modified.get('c')).toBe(5_000);
    expect(newerThan(read(context), 5_000).sort()).toEqual(['a/b', 'link']);
  });

  it('does not enter what is ignored whole', () => {
    const context = tree({ 'src/a': '', 'node_modules/a/b': '' });
    // Were it entered, this would fail for anybody but root; for root, the index would have a row.
    const read: string[] = [];
    const index = FileIndex.open(join(context, '..', 'no-index.json'));
    const hash = index.hash.bind(index);
    index.hash = (path, ...rest) => {
      read.push(path);
      return hash(path, ...rest);
    };
    readContext(context, 'node_modules\n!src/*.md', index);
    expect(read).toEqual([join(context, 'src/a')]);
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
    ['a name that is no text', (context) => writeFileSync(Buffer.concat([Buffer.from(`${context}/x`), Buffer.from([0xff])]), '')],
  ])('has another digest with %s', (_, change) => {
    const context = tree({ a: 'x', b: 'z', 'd/e': '' });
    const before = digest(context);
    change(context);
    expect(digest(context)).not.toBe(before);
  });

  it('has the same digest wherever it lies, whatever its times, owners and order of writing', () => {
    const one = tree({ a: 'x', 'd/b': 'y', c: 'z' });
    const other = tree({ c: 'z', 'd/b': 'y', a: 'x' });
    utimesSync(join(other, 'a'), 1, 1);
    utimesSync(join(other, 'd'), 1, 1);
    expect(digest(other)).toBe(digest(one));
    expect(read(other).stamps).not.toEqual(read(one).stamps);
  });

  it('is not fooled by a link whose target looks like further lines', () => {
    const honest = tree({ b: 'x' });
    symlinkSync('t', join(honest, 'a'));
    const line = read(honest).files.get('b') as string;
    const forged = tree();
    symlinkSync(`t "a"\n${line}`, join(forged, 'b'));
    expect(digest(forged)).not.toBe(digest(honest));
  });

  it('takes a hard link for the file it is', () => {
    const context = tree({ a: 'x' });
    linkSync(join(context, 'a'), join(context, 'b'));
    expect(digest(context)).toBe(digest(tree({ a: 'x', b: 'x' })));
  });

  it('feels a change of the modes on the way to an exception, and no other of what is ignored', () => {
    const context = tree({ 'src/deep/kept': '', 'src/other/gone': '', top: '' });
    const ignore = '*\n!src/deep/kept';
    const before = digest(context, ignore);
    chmodSync(join(context, 'src/other'), 0o700);
    writeFileSync(join(context, 'top'), 'x');
    expect(digest(context, ignore)).toBe(before);
    chmodSync(join(context, 'src'), 0o700);
    expect(digest(context, ignore)).not.toBe(before);
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
