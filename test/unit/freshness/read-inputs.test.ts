import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ImageConfig } from '../../../src/config/config.ts';
import { basesOf } from '../../../src/freshness/base-references.ts';
import { SourceReader } from '../../../src/freshness/read-inputs.ts';
import type { FileSet } from '../../../src/sources/file-set.ts';
import { imageIn } from '../../support/image-config.ts';
import { plant, scratch } from '../../support/scratch.ts';

function repository(): string {
  const root = join(scratch(), 'repository');
  plant(root, { Dockerfile: 'ARG V=1\nFROM base:$V\n', 'src/a': 'x' });
  return root;
}

type Environment = Record<string, string>;

const NOWHERE = { env: {}, platform: 'linux/amd64' };

function reader(root: string, env: Environment = {}): SourceReader {
  return new SourceReader({
    stateDirectory: join(root, '.harness'),
    platform: () => Promise.resolve('linux/amd64'),
    env: { XDG_CACHE_HOME: join(root, '..', 'cache'), ...env },
  });
}

async function digest(
  root: string,
  more: Partial<ImageConfig> = {},
  { bases = {}, env = {} }: { bases?: Record<string, string>; env?: Environment } = {},
): Promise<string> {
  return (await reader(root, env).read(imageIn(root, more), bases)).digest;
}

describe('the inputs of an image', () => {
  it('are for the platform of the engine, whatever this process runs on', async () => {
    const root = scratch();
    plant(root, { Dockerfile: 'FROM base:$TARGETARCH-$BUILDARCH\n' });
    const surroundings = { env: {}, platform: 'linux/arm64' };
    expect(basesOf(imageIn(root), scratch(), surroundings)).toEqual(['base:arm64-arm64']);
    const sources = new SourceReader({
      ...surroundings,
      stateDirectory: scratch(),
      platform: () => Promise.resolve(surroundings.platform),
    });
    const { options, inputs } = await sources.read(imageIn(root), {});
    expect([options.platforms, inputs.settings['platform']]).toEqual([['linux/arm64'], 'linux/arm64']);
  });

  it('are the same in another clone, with and without an index', async () => {
    const root = repository();
    const before = await digest(root);
    expect(await digest(root)).toBe(before);
    rmSync(join(root, '.harness'), { recursive: true });
    expect(await digest(root)).toBe(before);
    const clone = join(scratch(), 'elsewhere');
    cpSync(root, clone, { recursive: true });
    expect(await digest(clone)).toBe(before);
  });

  it.each<[string, (root: string) => Promise<string>]>([
    ['the Dockerfile', (root) => (writeFileSync(join(root, 'Dockerfile'), 'FROM scratch\n'), digest(root))],
    [
      'an ignore file, though it ignores nothing',
      (root) => (writeFileSync(join(root, '.dockerignore'), '# nothing\n'), digest(root)),
    ],
    ['the target', (root) => digest(root, { target: 'x' })],
    ['a build argument', (root) => digest(root, { buildArgs: { V: '1' } })],
    ["a base's id", (root) => digest(root, {}, { bases: { 'base:1': 'sha256:1' } })],
    [
      'a build argument from the environment',
      (root) => digest(root, { buildArgs: { V: { env: 'V' } } }, { env: { V: '1' } }),
    ],
    ['the date that Docker passes on', (root) => digest(root, {}, { env: { SOURCE_DATE_EPOCH: '0' } })],
    ['a platform', (root) => digest(root, { platforms: ['linux/riscv64'] })],
    [
      'the platform of the environment',
      (root) => digest(root, {}, { env: { DOCKER_DEFAULT_PLATFORM: 'linux/riscv64' } }),
    ],
    ['a secret', (root) => digest(root, { secrets: { npm: { env: 'TOKEN' } } }, { env: { TOKEN: 'x' } })],
    ['a label', (root) => digest(root, { labels: { team: 'shop' } })],
    ['the network of steps', (root) => digest(root, { network: 'none' })],
    ['a named context', (root) => digest(root, { contexts: { tools: { directory: join(root, 'src') } } })],
    [
      'a named context at a URL',
      (root) => digest(root, { contexts: { tools: { url: 'https://example.invalid/x.git#v1' } } }),
    ],
    ['a source', (root) => (writeFileSync(join(root, 'src/a'), 'y'), digest(root))],
  ])('differ by %s', async (_, change) => {
    const root = repository();
    const before = await digest(root);
    expect(await change(root)).not.toBe(before);
  });

  it.each<[string, Partial<ImageConfig>, Environment, Environment]>([
    ['a build argument', { buildArgs: { V: { env: 'V' } } }, { V: '1' }, { V: '2' }],
    ['a build argument that is unset', { buildArgs: { V: { env: 'V' } } }, { V: 'unset' }, {}],
    ['a secret', { secrets: { npm: { env: 'TOKEN' } } }, { TOKEN: 'x' }, { TOKEN: 'y' }],
    ['a missing secret', { secrets: { npm: { env: 'TOKEN' } } }, { TOKEN: 'not there' }, {}],
    [
      'the key of digests of secrets',
      { secrets: { npm: { env: 'T' } } },
      { T: 'x', HARNESS_SECRET_KEY: '1' },
      { T: 'x', HARNESS_SECRET_KEY: '2' },
    ],
  ])('follow the environment: %s', async (_, more, one, other) => {
    const root = repository();
    const before = await digest(root, more, { env: one });
    expect(await digest(root, more, { env: one })).toBe(before);
    expect(await digest(root, more, { env: other })).not.toBe(before);
  });

  it('do not confuse a value from the configuration with one from the environment', async () => {
    const root = repository();
    const unset = await digest(root, { buildArgs: { V: { env: 'V' } } });
    expect(await digest(root, { buildArgs: { V: 'unset' } })).not.toBe(unset);
  });

  it('follow a secret in a file, and never contain its value', async () => {
    const root = repository();
    const file = join(root, '..', 'token');
    const more = { secrets: { npm: { file } }, buildArgs: { KEY: { env: 'KEY' } } };
    const missing = await reader(root).read(imageIn(root, more), {});
    expect(missing.options.missingSecrets).toEqual([`npm (there is no file ${file})`]);
    writeFileSync(file, 'hunter2');
    const { inputs, digest: one } = await reader(root, { KEY: 'hunter3' }).read(imageIn(root, more), {});
    expect(one).not.toBe(missing.digest);
    expect(JSON.stringify(inputs)).not.toMatch(/hunter/);
    writeFileSync(file, 'hunter4');
    expect((await reader(root, { KEY: 'hunter3' }).read(imageIn(root, more), {})).digest).not.toBe(one);
  });

  it("read a named context with its own ignore file, and not with the Dockerfile's", async () => {
    const root = repository();
    const tools = join(root, '..', 'tools');
    plant(tools, { '.dockerignore': '*.log', 'a.log': '', b: '' });
    plant(root, { '.dockerignore': 'b' });
    const { inputs } = await reader(root).read(imageIn(root, { contexts: { tools: { directory: tools } } }), {});
    expect([...(inputs.trees['tools']?.entries().keys() ?? [])].sort()).toEqual(['.dockerignore', 'b']);
  });

  it('remember which files match their `sources`, and read them again when that memory is lost or damaged', async () => {
    const root = repository();
    plant(root, { 'src/b': '', 'docs/c': '' });
    const more = { sources: ['src', '!src/b'] };
    const read = async () => {
      const { inputs, outside, digest: whole } = await reader(root).read(imageIn(root, more), {});
      const names = (files: FileSet | undefined) => [...(files?.entries().keys() ?? [])].sort();
      return [whole, inputs.trees['context']?.count, outside?.count, names(inputs.trees['context']), names(outside)];
    };
    const first = await read();
    expect(first.slice(1)).toEqual([1, 3, ['src', 'src/a'], ['Dockerfile', 'docs', 'docs/c', 'src/b']]);
    expect(await read()).toEqual(first);
    const [memory = ''] = readdirSync(join(root, '.harness/index')).filter((name) => name.endsWith('.split.json'));
    const path = join(root, '.harness/index', memory);
    const text = readFileSync(path, 'utf8');
    for (const damaged of [
      '',
      '{}',
      'null',
      text.replace(/sha256:./g, 'sha256:x'),
      text.replace('"checksum":', '"checksum":1'),
    ]) {
      writeFileSync(path, damaged);
      expect(await read()).toEqual(first);
    }
    rmSync(path);
    expect(await read()).toEqual(first);
  });

  it("never contain the harness's own files, whatever their directory is called", async () => {
    for (const name of ['plain', '[a]', '!x', '#x', ' x', 'x ', 'a*', 'a?b', 'a\\b', '{1}|^$()+', 'ünï']) {
      const context = scratch();
      const root = join(context, name);
      plant(root, { Dockerfile: 'FROM scratch\n', '.harness/built': '1' });
      const { inputs } = await reader(root).read(imageIn(root, { context }), {});
      expect([...(inputs.trees['context']?.entries().keys() ?? [])].sort(), name).toEqual([name, `${name}/Dockerfile`]);
    }
  });

  it('never contain the files of a harness in a checkout inside the context', async () => {
    const root = scratch();
    const nested = { '.worktrees/a/src': '1', '.worktrees/a/.harness/kubeconfig': 'token', 'b/c/.harness/index': '1' };
    plant(root, { Dockerfile: 'FROM scratch\n', '.dockerignore': '!**/.harness\n', ...nested });
    const { inputs } = await reader(root).read(imageIn(root), {});
    const paths = [...(inputs.trees['context']?.entries().keys() ?? [])].sort();
    expect(paths).toEqual([
      '.dockerignore',
      '.worktrees',
      '.worktrees/a',
      '.worktrees/a/src',
      'Dockerfile',
      'b',
      'b/c',
    ]);
  });

  it('are refused if a named context would contain the files of a harness, at any depth', async () => {
    const root = scratch();
    plant(root, { Dockerfile: 'FROM scratch\n', 'other/deep/.harness/kubeconfig': 'token' });
    const image = imageIn(root, { contexts: { other: { directory: join(root, 'other') } } });
    await expect(reader(root).read(image, {})).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringContaining(join(root, 'other/deep/.harness')),
      next: expect.stringContaining('`**/.harness`'),
    });
    plant(root, { 'other/.dockerignore': '**/.harness\n' });
    await expect(reader(root).read(image, {})).resolves.toBeDefined();
  });

  it('may be next to or below the state directory', async () => {
    const root = scratch();
    plant(root, { 'app/Dockerfile': 'FROM scratch\n', '.harness/build/ctx/a': '' });
    const image = imageIn(join(root, 'app'));
    const names = async (one: ImageConfig) => [
      ...((await reader(root).read(one, {})).inputs.trees['context']?.entries().keys() ?? []),
    ];
    expect(await names(image)).toEqual(['Dockerfile']);
    expect(await names({ ...image, context: join(root, '.harness/build/ctx') })).toEqual(['a']);
  });

  it('are read once in a run, until `forget` is called', async () => {
    const root = repository();
    const one = reader(root);
    const read = async () => (await one.read(imageIn(root), {})).digest;
    const before = await read();
    writeFileSync(join(root, 'src/a'), 'y');
    expect(await read()).toBe(before);
    one.forget();
    expect(await read()).not.toBe(before);
  });

  it('name the bases with the build arguments filled in', () => {
    const root = repository();
    const memory = scratch();
    expect(basesOf(imageIn(root), memory, NOWHERE)).toEqual(['base:1']);
    expect(basesOf(imageIn(root, { buildArgs: { V: '2' } }), memory, NOWHERE)).toEqual(['base:2']);
    expect(
      basesOf(imageIn(root, { buildArgs: { V: { env: 'VERSION' } } }), memory, {
        env: { VERSION: '3' },
        platform: 'linux/amd64',
      }),
    ).toEqual(['base:3']);
    expect(basesOf(imageIn(root), memory, NOWHERE)).toEqual(['base:1']);
  });

  it('name the bases of the current Dockerfile, whatever is remembered', () => {
    const root = repository();
    const memory = scratch();
    const [kept] = basesOf(imageIn(root), memory, NOWHERE);
    const [file = ''] = readdirSync(join(memory, 'bases'));
    const text = readFileSync(join(memory, 'bases', file), 'utf8');
    expect(text).toContain(kept);
    writeFileSync(join(memory, 'bases', file), text.replace('base:1', 'base:9'));
    expect(basesOf(imageIn(root), memory, NOWHERE)).toEqual(['base:1']);
    plant(root, { Dockerfile: 'FROM other:1\n' });
    expect(basesOf(imageIn(root), memory, NOWHERE)).toEqual(['other:1']);
  });

  it('name the images that named contexts use in place of bases', () => {
    const root = repository();
    const contexts = (name: string): Partial<ImageConfig> => ({ contexts: { [name]: { image: 'shop/base:dev' } } });
    expect(basesOf(imageIn(root, contexts('base:1')), scratch(), NOWHERE)).toEqual(['shop/base:dev']);
    expect(basesOf(imageIn(root, contexts('docker.io/library/base:1')), scratch(), NOWHERE)).toEqual(['shop/base:dev']);
    expect(basesOf(imageIn(root, contexts('tools')), scratch(), NOWHERE)).toEqual(['base:1', 'shop/base:dev']);
    expect(basesOf(imageIn(root, { contexts: { 'base:1': { directory: root } } }), scratch(), NOWHERE)).toEqual([]);
  });

  it('do not change the tree', async () => {
    const root = repository();
    mkdirSync(join(root, 'empty'));
    const before = readdirSync(root).sort();
    await digest(root);
    expect(readdirSync(root).sort()).toEqual(['.harness', ...before].sort());
  });
});
