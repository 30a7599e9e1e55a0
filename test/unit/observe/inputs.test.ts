import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ImageConfig } from '../../../src/model/config.ts';
import { basesOf, SourceReader } from '../../../src/observe/inputs.ts';
import { plant, scratch } from '../../support/scratch.ts';

function imageIn(root: string, more: Partial<ImageConfig> = {}): ImageConfig {
  return {
    name: 'api',
    context: root,
    dockerfile: join(root, 'Dockerfile'),
    buildArgs: {},
    reference: 'coretest/api:dev',
    debianBases: {},
    ...more,
  };
}

function repository(): string {
  const root = join(scratch(), 'repository');
  plant(root, { Dockerfile: 'ARG V=1\nFROM base:$V\n', 'src/a': 'x' });
  return root;
}

function digest(root: string, more: Partial<ImageConfig> = {}, bases: Record<string, string> = {}): string {
  return new SourceReader(join(root, '.harness')).read(imageIn(root, more), bases).digest;
}

describe('the inputs of an image', () => {
  it('are the same in another clone, and with or without an index', () => {
    const root = repository();
    const before = digest(root);
    expect(digest(root)).toBe(before);
    rmSync(join(root, '.harness'), { recursive: true });
    expect(digest(root)).toBe(before);
    const clone = join(scratch(), 'elsewhere');
    cpSync(root, clone, { recursive: true });
    expect(digest(clone)).toBe(before);
  });

  it.each<[string, (root: string) => string]>([
    ['the Dockerfile', (root) => (writeFileSync(join(root, 'Dockerfile'), 'FROM scratch\n'), digest(root))],
    ['an ignore file, though it ignores nothing', (root) => (writeFileSync(join(root, '.dockerignore'), '# nothing\n'), digest(root))],
    ['the target', (root) => digest(root, { target: 'x' })],
    ['a build argument', (root) => digest(root, { buildArgs: { V: '1' } })],
    ["a base's id", (root) => digest(root, {}, { 'base:1': 'sha256:1' })],
    ['a source', (root) => (writeFileSync(join(root, 'src/a'), 'y'), digest(root))],
  ])('differ by %s', (_, change) => {
    const root = repository();
    const before = digest(root);
    expect(change(root)).not.toBe(before);
  });

  it("never hold the harness's own files, whatever the name of the directory they lie in", () => {
    for (const name of ['plain', '[a]', '!x', '#x', ' x', 'x ', 'a*', 'a?b', 'a\\b', '{1}|^$()+', 'ünï']) {
      const context = scratch();
      const root = join(context, name);
      plant(root, { Dockerfile: 'FROM scratch\n', '.harness/built': '1' });
      const reader = new SourceReader(join(root, '.harness'));
      const { inputs } = reader.read(imageIn(root, { context }), {});
      expect([...inputs.files.keys()].sort(), name).toEqual([name, `${name}/Dockerfile`]);
    }
  });

  it('may lie beside or below the state directory', () => {
    const root = scratch();
    plant(root, { 'app/Dockerfile': 'FROM scratch\n', '.harness/build/ctx/a': '' });
    const reader = new SourceReader(join(root, '.harness'));
    const image = imageIn(join(root, 'app'));
    expect([...reader.read(image, {}).inputs.files.keys()]).toEqual(['Dockerfile']);
    const below = { ...image, context: join(root, '.harness/build/ctx') };
    expect([...reader.read(below, {}).inputs.files.keys()]).toEqual(['a']);
  });

  it('are read once in a run, until they are to be forgotten', () => {
    const root = repository();
    const reader = new SourceReader(join(root, '.harness'));
    const before = reader.read(imageIn(root), {}).digest;
    writeFileSync(join(root, 'src/a'), 'y');
    expect(reader.read(imageIn(root), {}).digest).toBe(before);
    reader.forget();
    expect(reader.read(imageIn(root), {}).digest).not.toBe(before);
  });

  it('name the bases with the build arguments filled in', () => {
    const root = repository();
    expect(basesOf(imageIn(root))).toEqual(['base:1']);
    expect(basesOf(imageIn(root, { buildArgs: { V: '2' } }))).toEqual(['base:2']);
  });

  it('do not change the tree', () => {
    const root = repository();
    mkdirSync(join(root, 'empty'));
    const before = readdirSync(root).sort();
    digest(root);
    expect(readdirSync(root).sort()).toEqual(['.harness', ...before].sort());
  });
});
