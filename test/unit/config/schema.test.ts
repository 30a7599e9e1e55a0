import type { InferOutput } from 'valibot';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { HarnessConfig } from '../../../src/config/define.ts';
import { checkShape, schema } from '../../../src/config/schema.ts';

type Output = InferOutput<typeof schema>;

const REFERENCE = 'expected an image reference such as `shop/api:dev`, or a tag such as `dev`';
const ARGUMENT = 'expected a string, a number, a boolean or `{ env: "NAME" }`';
const SECRET = 'expected `{ env: "NAME" }` or `{ file: "path" }`';
const CONTEXT = 'expected a name as in `FROM`, other than `context`';
const BYTES = "expected a number of bytes, or a size such as `'50 MB'`";
const SHM = "expected a number of bytes, or a size such as `'64m'`";
const STEP = 'expected one of `helm`, `kustomize`, `manifests`, `command`';
const LABEL = 'expected lower-case letters, digits and `-`';

describe('the shape of a configuration', () => {
  it('may be empty, and may have everything', () => {
    expect(checkShape({}).problems).toEqual([]);
    const everything = {
      $schema: './node_modules/kind-harness/harness.schema.json',
      project: 'shop',
      namespace: 'shop-test',
      cluster: { name: 'shop', nodes: 3, nodeImage: 'kindest/node:v1' },
      images: {
        'my-api.v2': {
          context: '.',
          dockerfile: 'D',
          target: 't',
          buildArgs: { A: 's', B: 1, C: true, D: { env: 'D' } },
          contexts: { tools: '../tools', base: 'docker-image://shop/base:dev' },
          platforms: ['linux/amd64', 'linux/arm/v7'],
          secrets: { npm: { env: 'NPM_TOKEN' }, key: { file: 'key.pem' } },
          cacheImage: 'registry.example/shop/api:main',
          tag: 'dev',
          debianBases: { 'debian:12': 'bookworm' },
          maxSize: '150MB',
          network: 'host',
          extraHosts: ['db:10.0.0.5'],
          shmSize: '64m',
          ssh: ['default', 'git=~/.ssh/id'],
          labels: { 'com.example.team': 'shop', tier: 2, public: false },
        },
      },
      profiles: { development: { images: { 'my-api.v2': { target: 'dev' } } }, production: {} },
      load: { transport: 'archive' },
      registry: { keep: true },
      manifests: ['a/*.yaml', 'b.yaml'],
      deploy: [
        {
          helm: {
            chart: 'charts/shop',
            release: 'shop',
            values: ['values.yaml', { replicas: 2 }],
            set: { 'image.tag': '{image.my-api.v2.tag}', debug: true, token: { env: 'TOKEN' } },
          },
          namespace: 'other',
          timeout: 60,
        },
        { helm: { chart: 'redis', release: 'redis', repo: 'https://charts.invalid', version: '1.2.3' } },
        { kustomize: 'overlays/test' },
        { manifests: 'k8s/*.yaml' },
        { command: ['jsonnet', '-y', 'app.jsonnet'], inputs: ['*.jsonnet'] },
      ],
      tests: { vitest: { config: 'vitest.config.ts', args: ['--bail'] } },
      timeouts: { cluster: 600, deploy: 60, service: 5 },
    };
    expect(checkShape(everything)).toEqual({ config: everything, problems: [] });
  });

  it.each<[unknown, string, string]>([
    [null, '', 'expected an object'],
    [undefined, '', 'expected an object'],
    ['text', '', 'expected an object'],
    [[], '', 'expected an object'],
    [{ projct: 'x' }, 'projct', 'unknown key'],
    [{ project: 1 }, 'project', 'expected a string'],
    [{ project: 'Shop' }, 'project', LABEL],
    [{ project: 'x'.repeat(51) }, 'project', 'expected at most 50 characters'],
    [{ namespace: 'a_b' }, 'namespace', LABEL],
    [{ cluster: [] }, 'cluster', 'expected an object'],
    [{ cluster: { name: '-a' } }, 'cluster.name', LABEL],
    [{ cluster: { nodes: '2' } }, 'cluster.nodes', 'expected a number'],
    [{ cluster: { nodes: 1.5 } }, 'cluster.nodes', 'expected a whole number'],
    [{ cluster: { nodes: 0 } }, 'cluster.nodes', 'expected 1 or more'],
    [{ cluster: { nodes: 21 } }, 'cluster.nodes', 'expected 20 or less'],
    [{ cluster: { config: 3 } }, 'cluster.config', 'expected a string'],
    [{ cluster: { nodeImage: 'A B' } }, 'cluster.nodeImage', REFERENCE],
    [{ load: { transport: 'tar' } }, 'load.transport', 'expected `auto`, `registry`, `archive`'],
    [{ registry: { keep: 'yes' } }, 'registry.keep', 'expected true or false'],
    [{ cluster: { node: 1 } }, 'cluster.node', 'unknown key'],
    [{ timeouts: { deploy: '60s' } }, 'timeouts.deploy', 'expected a number of seconds'],
    [{ timeouts: { deploy: 1.5 } }, 'timeouts.deploy', 'expected a whole number of seconds'],
    [{ timeouts: { cluster: 0 } }, 'timeouts.cluster', 'expected 1 second or more'],
    [{ timeouts: { service: 1e6 } }, 'timeouts.service', 'expected at most 86400 seconds, which is a day'],
    [{ timeouts: { load: 1 } }, 'timeouts.load', 'unknown key'],
    [{ audit: { maxContext: '50 files' } }, 'audit.maxContext', BYTES],
    [{ audit: { maxContext: 1.5 } }, 'audit.maxContext', BYTES],
    [{ images: [{}] }, 'images', 'expected an object of images by name'],
    [
      { images: { 'Bad Name': {} } },
      'images.Bad Name',
      'expected lower-case letters and digits, with single `.`, `_` or `-` between them',
    ],
    [{ images: { api: null } }, 'images.api', 'expected an object'],
    [{ images: { api: { context: 1 } } }, 'images.api.context', 'expected a string'],
    [{ images: { api: { dockerfile: '' } } }, 'images.api.dockerfile', 'expected a non-empty string'],
    [{ images: { api: { buildArgs: ['A=1'] } } }, 'images.api.buildArgs', 'expected an object'],
    [{ images: { api: { buildArgs: { A: null } } } }, 'images.api.buildArgs.A', ARGUMENT],
    [{ images: { api: { buildArgs: { A: ['x'] } } } }, 'images.api.buildArgs.A', ARGUMENT],
    [
      { images: { api: { buildArgs: { A: { env: '1 x' } } } } },
      'images.api.buildArgs.A.env',
      'expected the name of an environment variable',
    ],
    [{ images: { api: { contexts: { tools: 1 } } } }, 'images.api.contexts.tools', 'expected a string'],
    [{ images: { api: { contexts: { 'Tools!': '.' } } } }, 'images.api.contexts.Tools!', CONTEXT],
    [{ images: { api: { contexts: { context: '.' } } } }, 'images.api.contexts.context', CONTEXT],
    [{ images: { api: { platforms: 'linux/amd64' } } }, 'images.api.platforms', 'expected an array of platforms'],
    [
      { images: { api: { platforms: ['amd64'] } } },
      'images.api.platforms.0',
      'expected a platform such as `linux/amd64`',
    ],
    [
      { images: { api: { secrets: { 'a,b': { env: 'X' } } } } },
      'images.api.secrets.a,b',
      'expected letters, digits, `.`, `_` and `-`',
    ],
    [{ images: { api: { secrets: { a: 'value' } } } }, 'images.api.secrets.a', SECRET],
    [{ images: { api: { cacheImage: 'A B' } } }, 'images.api.cacheImage', REFERENCE],
    [{ images: { api: { tag: 'A B' } } }, 'images.api.tag', REFERENCE],
    [{ images: { api: { tag: '' } } }, 'images.api.tag', REFERENCE],
    [{ images: { api: { debianBases: { 'A B': 'x' } } } }, 'images.api.debianBases.A B', REFERENCE],
    [{ images: { api: { maxSize: '150 files' } } }, 'images.api.maxSize', BYTES],
    [{ images: { api: { network: 'bridge' } } }, 'images.api.network', 'expected `none`, `host`, `default`'],
    [
      { images: { api: { extraHosts: { db: '10.0.0.5' } } } },
      'images.api.extraHosts',
      'expected an array of hosts such as `db:10.0.0.5`',
    ],
    [{ images: { api: { shmSize: '64 blocks' } } }, 'images.api.shmSize', SHM],
    [{ images: { api: { shmSize: 0 } } }, 'images.api.shmSize', SHM],
    [{ images: { api: { ssh: ['=x'] } } }, 'images.api.ssh.0', 'expected `default` or `id=path`'],
    [{ images: { api: { ssh: 'default' } } }, 'images.api.ssh', 'expected an array such as `["default"]`'],
    [{ images: { api: { labels: { 'a=b': '1' } } } }, 'images.api.labels.a=b', 'expected the name of a label'],
    [
      { images: { api: { labels: { a: { env: 'A' } } } } },
      'images.api.labels.a',
      'expected a string, a number or a boolean',
    ],
    [{ images: { api: { dockerFile: 'x' } } }, 'images.api.dockerFile', 'unknown key'],
    [{ profiles: { dev: { images: { api: { targt: 'x' } } } } }, 'profiles.dev.images.api.targt', 'unknown key'],
    [{ profiles: { dev: { tests: {} } } }, 'profiles.dev.tests', 'unknown key'],
    [{ profiles: [] }, 'profiles', 'expected an object of profiles by name'],
    [{ profiles: { '-x': {} } }, 'profiles.-x', 'expected letters, digits, `.`, `_` and `-`, a letter or digit first'],
    [{ manifests: 3 }, 'manifests', 'expected a glob or an array of globs'],
    [{ manifests: [''] }, 'manifests.0', 'expected a non-empty string'],
    [{ deploy: 'x' }, 'deploy', 'expected an object'],
    [{ deploy: [{}] }, 'deploy[0]', `${STEP}, found none of them`],
    [
      { deploy: [{ kustomize: 'a' }, { kustomize: 'a', manifests: 'b' }] },
      'deploy[1]',
      `${STEP}, found \`kustomize\` and \`manifests\``,
    ],
    [{ deploy: [{ helm: { release: 'a' } }] }, 'deploy[0].helm.chart', 'expected a value, found none'],
    [
      { deploy: [{ helm: { chart: 'a', release: 'A' } }] },
      'deploy[0].helm.release',
      'expected lower-case letters, digits, `.` and `-`',
    ],
    [
      { deploy: [{ helm: { chart: 'a', release: 'a', values: [1] } }] },
      'deploy[0].helm.values[0]',
      'expected a file or an object of values',
    ],
    [{ deploy: [{ helm: { chart: 'a', release: 'a', sets: {} } }] }, 'deploy[0].helm.sets', 'unknown key'],
    [{ deploy: { steps: [{ kustomize: 1 }] } }, 'deploy.steps[0].kustomize', 'expected a string'],
    [{ deploy: [{ command: ['a'], timeout: 0 }] }, 'deploy[0].timeout', 'expected 1 second or more'],
    [{ tests: { command: 'npm test' } }, 'tests.command', 'expected an array of strings, the program first'],
    [{ tests: { command: [] } }, 'tests.command', 'expected at least the name of a program'],
    [{ tests: { command: [''] } }, 'tests.command.0', 'expected a non-empty string'],
    [{ tests: { vitest: { args: '--bail' } } }, 'tests.vitest.args', 'expected an array of strings'],
    [{ tests: { vitest: { args: [1] } } }, 'tests.vitest.args.0', 'expected a string'],
    [{ tests: { jest: {} } }, 'tests.jest', 'unknown key'],
  ])('%j is wrong at `%s`: %s', (raw, path, message) => {
    expect(checkShape(raw).problems).toEqual([{ path, message }]);
  });

  it('reports every problem at once', () => {
    const raw = {
      projct: 'x',
      cluster: { nodes: 0 },
      images: { api: { context: 1, tag: 'A B' } },
      tests: { command: [] },
    };
    expect(
      checkShape(raw)
        .problems.map((problem) => problem.path)
        .sort(),
    ).toEqual(['cluster.nodes', 'images.api.context', 'images.api.tag', 'projct', 'tests.command'].sort());
  });
});

it('accepts what the type for editors describes, and nothing else', () => {
  expectTypeOf<HarnessConfig>().toExtend<Output>();
  expectTypeOf<Output>().toExtend<Partial<Record<keyof HarnessConfig, unknown>>>();
  expectTypeOf<keyof Output>().toEqualTypeOf<keyof HarnessConfig>();
});
