import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CONFIG_NAMES, loadConfig } from '../../../src/config/load.ts';
import { environmentName } from '../../../src/config/names.ts';
import { HarnessError } from '../../../src/core/error.ts';
import { plant, scratch } from '../../support/scratch.ts';

/** A repository with that configuration as JSON, and the files it may name. */
function repository(config: unknown, files: Record<string, string> = {}, name = 'My Shop!'): string {
  const root = join(scratch(), name);
  plant(root, { Dockerfile: 'FROM scratch\n', 'harness.config.json': JSON.stringify(config), ...files });
  return root;
}

async function problems(root: string): Promise<string[]> {
  const error = await loadConfig(root).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(HarnessError);
  expect((error as HarnessError).code).toBe('CONFIG');
  return ((error as HarnessError).detail ?? '').split('\n');
}

describe('what an image is built with', () => {
  it('is resolved from the directory of the configuration', async () => {
    const image = {
      buildArgs: { A: 1, B: { env: 'B' } },
      contexts: { tools: 'tools', base: 'docker-image://shop/base:dev', docs: 'https://example.invalid/docs.git#v1' },
      secrets: { npm: { env: 'NPM_TOKEN' }, key: { file: 'key.pem' } },
    };
    const root = repository({ images: { api: image } }, { 'tools/a': '' });
    expect((await loadConfig(root)).images[0]).toMatchObject({
      buildArgs: { A: '1', B: { env: 'B' } },
      contexts: {
        tools: { directory: join(root, 'tools') },
        base: { image: 'shop/base:dev' },
        docs: { url: 'https://example.invalid/docs.git#v1' },
      },
      secrets: { npm: { env: 'NPM_TOKEN' }, key: { file: join(root, 'key.pem') } },
      platforms: [],
    });
  });

  it('has the hosts, keys and labels that are written', async () => {
    const image = {
      network: 'default',
      extraHosts: ['db=10.0.0.5'],
      shmSize: 65536,
      ssh: ['git=key'],
      labels: { a: 1 },
      maxSize: '1.5MB',
    };
    const root = repository({ images: { api: image } });
    expect((await loadConfig(root)).images[0]).toMatchObject({
      network: undefined,
      extraHosts: ['db:10.0.0.5'],
      shmSize: '65536',
      ssh: [{ id: 'git', paths: [join(root, 'key')] }],
      labels: { a: '1' },
      maxSize: 1_500_000,
    });
    const stamped = { stamps: { 'a.b': 'commit' }, labels: { 'a.b': 'x', 'dev.kind-harness.inputs': 'x' } };
    expect(await problems(repository({ images: { api: stamped } }))).toEqual([
      'images.api.labels.a.b: expected a name of its own, found that of `stamps.a.b`',
      'images.api.labels.dev.kind-harness.inputs: expected another label: these are those of the harness itself',
    ]);
  });

  it('has an error if a named context is not a directory', async () => {
    const root = repository({ images: { api: { contexts: { tools: 'nowhere' } } } });
    expect(await problems(root)).toEqual([
      `images.api.contexts.tools: expected a directory, found none at ${join(root, 'nowhere')}`,
    ]);
  });
});

describe('a profile', () => {
  const images = {
    api: { target: 'prod', buildArgs: { A: '1', B: '2' }, tags: ['latest'] },
    web: {},
    db: { image: 'postgres:17' },
  };
  const profiles = {
    development: { images: { api: { target: 'dev', buildArgs: { B: '3' }, tags: [] }, db: { image: 'postgres:18' } } },
    production: {},
  };
  const shop = () => repository({ images, profiles });

  it('replaces settings of its images only when it is asked for', async () => {
    const root = shop();
    const plain = { target: 'prod', buildArgs: { A: '1', B: '2' }, tags: ['latest'] };
    const development = await loadConfig(root, undefined, { profile: 'development' });
    expect(development).toMatchObject({
      profile: 'development',
      images: [
        {
          name: 'api',
          target: 'dev',
          buildArgs: { A: '1', B: '3' },
          tags: [],
          reference: 'my-shop/api:dev',
          profile: 'development',
        },
        { name: 'web' },
      ],
      others: [{ reference: 'postgres:18' }],
    });
    expect(development.images[1]).not.toHaveProperty('profile');
    expect((await loadConfig(root)).images[0]).toMatchObject(plain);
    expect(await loadConfig(root)).not.toHaveProperty('profile');
    expect((await loadConfig(root, undefined, { profile: 'production' })).images[0]).toMatchObject(plain);
  });

  it('may be preferred, and another one asked for', async () => {
    const root = shop();
    const profileOf = async (options: object) => (await loadConfig(root, undefined, options)).profile;
    expect(await profileOf({ preferredProfile: 'development' })).toBe('development');
    expect(await profileOf({ preferredProfile: 'none' })).toBeUndefined();
    expect(await profileOf({ preferredProfile: 'development', profile: 'production' })).toBe('production');
  });

  it('that is unknown is an error that names the known ones', async () => {
    await expect(loadConfig(shop(), undefined, { profile: 'prod' })).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringContaining('has no profile `prod`'),
      next: 'Configured profiles: development, production.',
    });
    await expect(loadConfig(repository({}), undefined, { profile: 'toString' })).rejects.toMatchObject({
      next: expect.stringContaining('no profiles at all'),
    });
  });

  it('must be about images that exist, also if it is not used', async () => {
    const root = repository({ images, profiles: { old: { images: { gone: {} } } } });
    expect(await problems(root)).toEqual(['profiles.old.images.gone: expected one of `images`: `api`, `web`, `db`']);
  });

  it('is the place of what is wrong with its settings', async () => {
    const wrong = { context: 'nowhere', tags: ['{nothing}'], labels: { 'kind-harness.a': '1' } };
    const root = repository({
      images: { 'api.v2': { labels: { 'kind-harness.b': '1' } } },
      profiles: { p: { images: { 'api.v2': wrong } } },
    });
    const error = await loadConfig(root, undefined, { profile: 'p' }).catch((thrown: unknown) => thrown);
    const places = ((error as HarnessError).detail ?? '').split('\n').map((line) => line.replace(/: .*/, ''));
    expect(places.sort()).toEqual([
      'images.api.v2.labels.kind-harness.b',
      'profiles.p.images.api.v2.context',
      'profiles.p.images.api.v2.labels.kind-harness.a',
      'profiles.p.images.api.v2.tags[0]',
    ]);
  });
});

describe('the configuration file', () => {
  it.each([
    ['harness.config.json', '{"project":"found"}'],
    ['harness.config.yaml', 'project: found\n'],
    ['harness.config.yml', 'project: found\n'],
    ['harness.config.js', 'export default { project: "found" };'],
    ['harness.config.mjs', 'export default { project: "found" };'],
    ['harness.config.ts', 'export default { project: "found" } satisfies object;'],
    ['harness.config.mts', 'export default { project: "found" } as object;'],
  ])('may be %s', async (name, text) => {
    const root = scratch();
    plant(root, { [name]: text, 'package.json': '{"type":"module"}', 'deep/er/': '' });
    const config = await loadConfig(join(root, 'deep/er'));
    expect(config).toMatchObject({
      project: 'found',
      file: join(root, name),
      root,
      stateDirectory: join(root, '.harness', 'found'),
    });
  });

  const IMPORTS = `import { sep } from 'node:path';\nexport default { project: sep === '/' ? 'found' : 'lost' };`;
  const ENUM = "enum Name { project = 'found' }\nexport default { project: Name.project };";

  it.each([
    ['imports, in a package of type "commonjs"', 'ts', '{"type":"commonjs"}', IMPORTS],
    ['imports, in a package without a type', 'ts', '{}', IMPORTS],
    ['imports, in no package', 'ts', undefined, IMPORTS],
    ['imports, as JavaScript in a package of type "commonjs"', 'js', '{"type":"commonjs"}', IMPORTS],
    ['module.exports', 'js', '{"type":"commonjs"}', "module.exports = { project: 'found' };"],
    ['an enum, in a package of type "module"', 'ts', '{"type":"module"}', ENUM],
    ['an enum, in a package of type "commonjs"', 'ts', '{"type":"commonjs"}', ENUM],
    ['__dirname', 'ts', '{"type":"module"}', "export default { project: __dirname ? 'found' : 'lost' };"],
    [
      'an import without an ending',
      'ts',
      '{"type":"module"}',
      "import { project } from './name';\nexport default { project };",
    ],
    [
      'a path of a tsconfig.json',
      'ts',
      '{"type":"module"}',
      "import { project } from '@/name';\nexport default { project };",
    ],
  ])('may have %s', async (_, ending, manifest, text) => {
    const root = scratch();
    plant(root, {
      [`harness.config.${ending}`]: text,
      ...(manifest === undefined ? {} : { 'package.json': manifest }),
      'tsconfig.json': '{"compilerOptions":{"paths":{"@/*":["./*"]}}}',
      'name.ts': "export const project: string = 'found';",
    });
    expect((await loadConfig(root)).project).toBe('found');
  });

  it('is read again after a change, however it is loaded', async () => {
    for (const type of ['module', 'commonjs']) {
      const root = scratch();
      plant(root, { 'package.json': `{"type":"${type}"}`, 'harness.config.ts': "export default { project: 'one' };" });
      expect((await loadConfig(root)).project).toBe('one');
      plant(root, { 'harness.config.ts': "export default { project: 'another' };" });
      expect((await loadConfig(root, undefined, { again: true })).project).toBe('another');
    }
  });

  it('is the nearest one upwards, and of several the first by the order of names', async () => {
    const root = scratch();
    plant(root, {
      'harness.config.json': '{"project":"outer"}',
      'a/harness.config.json': '{"project":"json"}',
      'a/harness.config.yaml': 'project: yaml',
      'a/b/': '',
    });
    expect((await loadConfig(join(root, 'a/b'))).project).toBe('json');
    expect(CONFIG_NAMES.indexOf('harness.config.ts')).toBe(0);
  });

  it('tells images of others from those that are built', async () => {
    const root = scratch();
    plant(root, {
      Dockerfile: 'FROM scratch',
      'harness.config.yaml': 'images: { web: {}, db: { image: postgres }, tls: { image: "registry:5000/tls:1" } }',
    });
    const { images, others } = await loadConfig(root);
    expect(images.map(({ name }) => name)).toEqual(['web']);
    expect(others).toEqual([
      { name: 'db', reference: 'postgres:latest' },
      { name: 'tls', reference: 'registry:5000/tls:1' },
    ]);
  });

  it.each([
    [
      '{ image: postgres:17, context: . }',
      'expected nothing else for an image that is not built here, found `context`',
    ],
    [`{ image: postgres@sha256:${'a'.repeat(64)} }`, 'expected a tag, found a digest'],
  ])('refuses the image of others %s', async (image, message) => {
    const root = scratch();
    plant(root, { 'harness.config.yaml': `images: { db: ${image} }` });
    await expect(loadConfig(root)).rejects.toMatchObject({ detail: expect.stringContaining(message) });
  });

  it('says where the mirrors of registries ask', async () => {
    const root = scratch();
    const write = (mirrors: string) => plant(root, { 'harness.config.yaml': `registry: { mirrors: ${mirrors} }` });
    write('[docker.io, ghcr.io, { host: "r:5000", from: "http://other:5000" }]');
    expect((await loadConfig(root)).mirrors).toEqual([
      { host: 'docker.io', from: 'https://registry-1.docker.io' },
      { host: 'ghcr.io', from: 'https://ghcr.io' },
      { host: 'r:5000', from: 'http://other:5000' },
    ]);
    write('[ghcr.io, ghcr.io]');
    await expect(loadConfig(root)).rejects.toMatchObject({
      detail: 'registry.mirrors: expected each registry once, found ghcr.io twice',
    });
    write('["https://ghcr.io"]');
    await expect(loadConfig(root)).rejects.toMatchObject({ detail: expect.stringContaining('registry.mirrors.0') });
  });

  it('may be named, relative to the working directory', async () => {
    const root = scratch();
    plant(root, { 'other.json': '{"project":"named"}', 'a/': '' });
    expect((await loadConfig(join(root, 'a'), '../other.json')).project).toBe('named');
  });

  it('that is missing is an error that says what to write', async () => {
    await expect(loadConfig('/proc/self')).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringContaining('/proc/self or above'),
    });
    await expect(loadConfig(scratch(), 'none.json')).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringContaining('does not exist'),
    });
  });

  it.each([
    ['harness.config.json', '{'],
    ['harness.config.yaml', 'a: [\n'],
    ['harness.config.mjs', 'export default {'],
    ['harness.config.mjs', 'export const config = {};'],
    ['harness.config.mjs', 'throw new Error("own");'],
  ])('%s with the content %j cannot be read, and is named', async (name, text) => {
    const root = scratch();
    plant(root, { [name]: text });
    await expect(loadConfig(root)).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringContaining(join(root, name)),
    });
  });
});

describe('defaults', () => {
  it('come from the name of the directory', async () => {
    const root = repository({ images: { api: {} } });
    expect(await loadConfig(root)).toMatchObject({
      project: 'my-shop',
      namespace: 'my-shop',
      cluster: { name: 'my-shop', nodes: 1 },
      images: [
        {
          name: 'api',
          context: root,
          dockerfile: join(root, 'Dockerfile'),
          buildArgs: {},
          reference: 'my-shop/api:dev',
          debianBases: {},
        },
      ],
      manifests: [],
      tests: { runner: 'vitest', args: [] },
    });
    expect((await loadConfig(repository({}, {}, '!!!'))).project).toBe('harness');
    expect((await loadConfig(repository({}, {}, `${'a'.repeat(49)}-b`))).project).toBe('a'.repeat(49));
  });

  it('give way to what is written', async () => {
    const root = repository(
      {
        project: 'p',
        namespace: 'n',
        cluster: { name: 'c', config: 'kind.yaml' },
        images: { api: { context: 'api', buildArgs: { A: 1, B: false } } },
        manifests: ['k/*.yaml', 'k/a.yaml'],
        tests: { command: ['sh', '-c', 'true'] },
      },
      { 'kind.yaml': '', 'api/Dockerfile': '', 'k/b.yaml': '', 'k/a.yaml': '' },
    );
    expect(await loadConfig(root)).toMatchObject({
      namespace: 'n',
      cluster: { name: 'c', kindConfig: join(root, 'kind.yaml') },
      images: [
        { context: join(root, 'api'), dockerfile: join(root, 'api/Dockerfile'), buildArgs: { A: '1', B: 'false' } },
      ],
      manifests: [join(root, 'k/a.yaml'), join(root, 'k/b.yaml')],
      tests: { runner: 'command', command: ['sh', '-c', 'true'] },
    });
  });

  it.each([
    ['v2', 'p/api:v2'],
    ['shop/api', 'shop/api:latest'],
    ['shop/api:1', 'shop/api:1'],
    ['localhost:5000/api', 'localhost:5000/api:latest'],
    ['localhost:5000/api:1', 'localhost:5000/api:1'],
  ])('a tag %s makes the reference %s', async (tag, reference) => {
    const config = await loadConfig(repository({ project: 'p', images: { api: { tag } } }));
    expect(config.images[0]?.reference).toBe(reference);
  });
});

describe('a Dockerfile', () => {
  const withDockerfile = (files: Record<string, string>) =>
    repository({ images: { api: { context: 'api', dockerfile: 'docker/Dockerfile' } } }, { 'api/': '', ...files });

  it.each([
    ['from the directory of the configuration', { 'docker/Dockerfile': 'FROM a' }, 'docker/Dockerfile'],
    ['from the context', { 'api/docker/Dockerfile': 'FROM a' }, 'api/docker/Dockerfile'],
    [
      'from the directory of the configuration if both are equal',
      { 'docker/Dockerfile': 'FROM a', 'api/docker/Dockerfile': 'FROM a' },
      'docker/Dockerfile',
    ],
  ])('is found %s', async (_, files, expected) => {
    const root = withDockerfile(files);
    expect((await loadConfig(root)).images[0]?.dockerfile).toBe(join(root, expected));
  });

  it('that could be two different files is an error that names both', async () => {
    const root = withDockerfile({ 'docker/Dockerfile': 'FROM a', 'api/docker/Dockerfile': 'FROM b' });
    expect(await problems(root)).toEqual([
      `images.api.dockerfile: expected one Dockerfile, found two that differ: ${join(root, 'docker/Dockerfile')} and ${join(root, 'api/docker/Dockerfile')}`,
    ]);
  });
});

describe('the name of the cluster', () => {
  const HA = 'nodes:\n- role: control-plane\n- role: control-plane\n- role: worker\n';
  const ONE = 'nodes:\n  - role: control-plane\n  # - role: control-plane\n  - role: worker\n';

  it.each([
    ['', 49],
    [ONE, 49],
    [HA, 40],
  ])('leaves room for what kind appends: %j', async (kindConfig, length) => {
    const cluster = kindConfig === '' ? {} : { config: 'kind.yaml' };
    const named = (name: string) => repository({ cluster: { ...cluster, name } }, { 'kind.yaml': kindConfig });
    expect((await loadConfig(named('a'.repeat(length)))).cluster.name).toHaveLength(length);
    expect(await problems(named('a'.repeat(length + 1)))).toEqual([
      `cluster.name: expected at most ${length} characters, found ${length + 1}: names of nodes would exceed 63`,
    ]);
  });

  it('is shortened if it comes from the project, and two long projects stay apart', async () => {
    const names = await Promise.all(
      ['x', 'y'].map(async (end) => {
        const config = await loadConfig(repository({ project: `${'a'.repeat(49)}${end}` }));
        expect(config.project).toHaveLength(50);
        return config.cluster.name;
      }),
    );
    expect(names[0]).toMatch(/^a{42}-[0-9a-f]{6}$/);
    expect(names[0]).not.toBe(names[1]);
  });
});

describe('timeouts', () => {
  it('are given in seconds, each with a default', async () => {
    const standard = { cluster: 240_000, deploy: 300_000, service: 60_000 };
    expect((await loadConfig(repository({}))).timeouts).toEqual(standard);
    const given = await loadConfig(repository({ timeouts: { deploy: 30 } }));
    expect(given.timeouts).toEqual({ ...standard, deploy: 30_000 });
  });
});

describe('what a configuration names and does not exist', () => {
  it('is reported all at once, each with its place', async () => {
    const root = repository({
      cluster: { config: 'none.yaml', nodes: 2 },
      images: { a: { context: 'none' }, b: { dockerfile: 'none' } },
      manifests: ['none/*.yaml', 'Dockerfile'],
      tests: { vitest: { config: 'none.ts' } },
    });
    expect(await problems(root)).toEqual([
      `images.a.context: expected a directory, found none at ${join(root, 'none')}`,
      `images.b.dockerfile: expected a Dockerfile, found none at ${join(root, 'none')}`,
      `cluster.config: expected a file, found none at ${join(root, 'none.yaml')}`,
      'cluster.nodes: expected either `nodes` or `config`, found both: the kind configuration lists its nodes',
      `manifests.0: expected files, found none for \`none/*.yaml\` below ${root}`,
      `tests.vitest.config: expected a file, found none at ${join(root, 'none.ts')}`,
    ]);
  });

  it('is reported for a Dockerfile that the context should have', async () => {
    const root = repository({ images: { a: { context: 'empty' } } }, { 'empty/': '' });
    expect(await problems(root)).toEqual([
      `images.a.dockerfile: expected a Dockerfile, found none at ${join(root, 'empty/Dockerfile')}`,
    ]);
    mkdirSync(join(root, 'empty/Dockerfile'));
    expect(await problems(root)).toHaveLength(1);
    writeFileSync(join(root, 'harness.config.json'), JSON.stringify({ images: { a: { context: 'Dockerfile' } } }));
    expect(await problems(root)).toEqual([
      `images.a.context: expected a directory, found none at ${join(root, 'Dockerfile')}`,
    ]);
  });

  it('is reported for images that would overwrite each other', async () => {
    const clash = await problems(
      repository({
        project: 'p',
        images: { one: { tag: 'p/x' }, two: { tag: 'docker.io/p/x:latest' }, 'a-b': {}, 'a.b': {} },
      }),
    );
    expect(clash).toEqual([
      'images.two: expected a unique name and tag, found those of `one` (docker.io/p/x:latest)',
      'images.a.b: expected a unique name and tag, found those of `a-b` (HARNESS_IMAGE_A_B)',
    ]);
    const digest = await problems(repository({ images: { a: { tag: `p/x@sha256:${'0'.repeat(64)}` } } }));
    expect(digest[0]).toContain('images.a.tag: expected a tag, found a digest');
  });

  it('is reported for a further tag that is the name of another image', async () => {
    const images = {
      api: { tag: 'shop/all:api', tags: ['latest', 'worker'] },
      worker: { tag: 'shop/all:worker', tags: ['latest'] },
    };
    expect(await problems(repository({ images }))).toEqual([
      'images.api.tags[1]: expected a name of its own, found that of `worker` (docker.io/shop/all:worker)',
      'images.worker.tags[0]: expected a name of its own, found that of `api` (docker.io/shop/all:latest)',
    ]);
  });

  it('is reported for two ways to test', async () => {
    expect(await problems(repository({ tests: { command: ['x'], vitest: {} } }))).toEqual([
      'tests: expected either `command` or `vitest`, found both',
    ]);
  });
});

it('gives image variables names that a shell accepts', () => {
  expect(environmentName('my-api.v2_x')).toBe('HARNESS_IMAGE_MY_API_V2_X');
});
