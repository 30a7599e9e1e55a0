import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { harness, plainHarness, type Run } from './support/command.ts';
import { deployment, leftBehind, suite } from './support/suite.ts';
import { docker } from './support/tools.ts';

/**
 * Wrong use, wrong input and foreign clusters: each is reported in one paragraph with the next step
 * and the right exit code, and nothing is changed.
 */
const all = suite('refusals');

const COMMANDS = [
  ...[
    'test-kind',
    'test-cached',
    'test-fast',
    'build',
    'build-if-needed',
    'rebuild',
    'build-dev',
    'build-prod',
    'load',
    'load-if-needed',
    'cache-status',
    'why',
    'size',
    'clean',
  ],
  ...['up', 'down', 'stop', 'status', 'kubeconfig', 'doctor', 'setup', 'node-image build', 'node-image status'],
];

/** Checks the summary that ends every `--json` output. */
function expectSummary(run: Run, exitCode: number): void {
  expect(run.exitCode, `${run.stdout}${run.stderr}`).toBe(exitCode);
  expect(run.summary).toMatchObject({
    type: 'summary',
    command: expect.any(String),
    ok: exitCode === 0,
    exitCode,
    builds: expect.any(Array),
    loads: expect.any(Array),
    ms: expect.any(Number),
  });
  expect(run.summary).toHaveProperty('tests');
  expect(run.events.filter((event) => event.type === 'summary')).toHaveLength(1);
  expect(run.stdout + run.stderr).not.toMatch(/\n\s+at .*:\d+:\d+/);
}

describe('a cluster of the same name that is not ours', () => {
  const name = `${all.name}-foreign`;
  const node = `${name}-control-plane`;
  const state = () =>
    docker('inspect', '--format', '{{.Id}} {{.State.Status}} {{.State.StartedAt}} {{.RestartCount}}', node);

  beforeAll(async () => {
    const { summary } = await harness(all.directory, ['node-image', 'status']);
    const { reference } = summary['nodeImage'] as { reference: string };
    const labels = ['--label', `io.x-k8s.kind.cluster=${name}`, '--label', 'io.x-k8s.kind.role=control-plane'];
    await docker('run', '--detach', '--name', node, ...labels, '--entrypoint', 'sleep', reference, '1000000');
  });
  afterAll(() => docker('rm', '--force', '--volumes', node));

  it.each(['up', 'test-kind', 'test-cached', 'test-fast', 'down', 'stop', 'clean', 'load', 'load-if-needed'])(
    'is not touched by %s',
    async (command) => {
      const before = await state();
      const project = all.project(`not-ours-${command}`, { cluster: { name } });
      const run = await project.run(command);
      expectSummary(run, 3);
      expect(run.summary.error).toMatchObject({
        code: 'CLUSTER_FOREIGN',
        message: expect.stringContaining(name),
        next: expect.any(String),
      });
      expect(await state()).toBe(before);
    },
  );
});

describe('a configuration', () => {
  it('with several problems is reported with all of them, each with its key', async () => {
    const project = all.project('problems');
    project.write(
      'harness.config.json',
      JSON.stringify({
        project: 'Not A Label',
        cluster: { nodes: 0 },
        images: { app: { context: 3, colour: 'blue' } },
        tests: { command: [] },
        manifest: 'x.yaml',
      }),
    );
    const run = await project.run('test-cached');
    expectSummary(run, 2);
    expect(run.summary.error?.code).toBe('CONFIG');
    const keys = run.summary.error?.detail?.split('\n').map((line) => line.split(':')[0]);
    expect(keys).toEqual(
      expect.arrayContaining([
        'project',
        'cluster.nodes',
        'images.app.context',
        'images.app.colour',
        'tests.command',
        'manifest',
      ]),
    );
  });

  it('with profiles is built as the command says, and a profile that is not configured is refused', async () => {
    const profile = (name: string) => ({ images: { app: { labels: { profile: name } } } });
    const project = all.project('profiles', {
      profiles: { development: profile('development'), production: profile('production') },
    });
    const built = async (...args: string[]) => {
      const { summary } = await project.must(...args);
      const label = await docker('inspect', '--format', '{{.Config.Labels.profile}}', project.reference);
      return [label, summary.builds[0]?.verdict];
    };
    expect(await built('build-prod')).toEqual(['production', 'built']);
    expect(await built('build-prod')).toEqual(['production', 'fresh']);
    expect(await built('build-if-needed', '--profile', 'development')).toEqual(['development', 'built']);
    expect(await built('build-dev')).toEqual(['development', 'built']);
    for (const command of ['build-dev', 'doctor']) {
      const run = await project.run(command, '--profile', 'none');
      expectSummary(run, 2);
      expect(run.summary.error).toMatchObject({
        code: 'CONFIG',
        next: 'Configured profiles: development, production.',
      });
    }
  });

  it('with a maxSize is told which line makes an image too large', async () => {
    const project = all.project('large');
    project.configure({ images: { app: { context: 'app', tag: project.reference, maxSize: '10 B' } } });
    const built = await project.run('build-if-needed');
    expectSummary(built, 3);
    expect(built.summary.error).toMatchObject({
      code: 'TOO_LARGE',
      detail: expect.stringMatching(/app\/Dockerfile:2 {2}COPY program \/program$/),
    });
    const size = await project.run('size');
    expectSummary(size, 3);
    expect(size.summary['images']).toMatchObject([
      { image: 'app', maxSize: 10, layers: [{ line: 2, bytes: expect.any(Number), shared: [] }] },
    ]);
  });

  it('with images that are built from each other is reported before a cluster is created', async () => {
    const images = { a: { context: 'a' }, b: { context: 'b' } };
    const project = all.project('circle', { images, cluster: { name: `${all.name}-circle` } });
    for (const [name, base] of ['ab', 'ba']) project.write(`${name}/Dockerfile`, `FROM ${all.name}/${base}:dev\n`);
    const run = await project.run('test-cached');
    expectSummary(run, 2);
    expect(run.summary.error).toMatchObject({ code: 'CONFIG', message: expect.stringContaining('a → b → a') });
    expect(run.events.filter((event) => event.type === 'step')).toEqual([]);
    expect((await leftBehind(`${all.name}-circle`)).containers).toEqual([]);
  });

  it('that is not valid JSON is reported with its file', async () => {
    const project = all.project('unparsable');
    project.write('harness.config.json', '{ "project": ');
    const run = await project.run('up');
    expectSummary(run, 2);
    expect(run.summary.error).toMatchObject({
      code: 'CONFIG',
      message: expect.stringContaining('harness.config.json'),
    });
  });

  it('that does not exist is reported', async () => {
    const run = await harness(all.directory, ['up']);
    expectSummary(run, 2);
    expect(run.summary.error).toMatchObject({ code: 'CONFIG', next: expect.stringContaining('harness.config') });
    const named = await harness(all.directory, ['up', '--config', 'nowhere.json']);
    expectSummary(named, 2);
    expect(named.summary.error?.message).toContain('nowhere.json');
  });

  it.each([
    ['Dockerfile', 'app/Dockerfile', 'images.app.dockerfile'],
    ['build context', 'app', 'images.app.context'],
    ['manifest', 'manifest.yaml', 'manifests'],
  ])('whose %s is missing is reported with its key', async (_title, path, key) => {
    const project = all.project(`missing-${key.replaceAll('.', '-')}`);
    rmSync(join(project.directory, path), { recursive: true });
    const run = await project.run('test-cached');
    expectSummary(run, 2);
    expect(run.summary.error).toMatchObject({
      code: 'CONFIG',
      detail: expect.stringMatching(new RegExp(`^${key}: expected`, 'm')),
    });
  });
});

describe('an invalid manifest', () => {
  it('is reported before anything is built or created', async () => {
    const project = all.project('manifest');
    project.write('manifest.yaml', 'apiVersion: v1\nkind: [ConfigMap\n');
    const run = await project.run('test-cached');
    expectSummary(run, 2);
    expect(run.summary.error).toMatchObject({ code: 'CONFIG', detail: expect.stringContaining('manifest.yaml') });
    expect(run.events.filter((event) => event.type === 'step')).toEqual([]);
  });

  it('is reported with its position in the file', async () => {
    const project = all.project('nameless');
    project.manifest(deployment('app', { image: 'app' }), { apiVersion: 'v1', kind: 'ConfigMap' });
    const { summary } = await project.run('test-cached');
    expect(summary.error).toMatchObject({
      code: 'CONFIG',
      detail: expect.stringMatching(/^manifest\.yaml:\d+, document 2: expected `metadata\.name`$/),
    });
  });
});

describe('wrong use', () => {
  it('of an image name is answered with the existing names', async () => {
    const project = all.project('names');
    for (const command of ['build', 'build-if-needed', 'rebuild', 'load', 'load-if-needed', 'cache-status', 'why']) {
      const run = await project.run(command, 'apple');
      expectSummary(run, 2);
      expect(run.summary.error).toMatchObject({
        code: 'USAGE',
        message: expect.stringContaining('`apple`'),
        next: expect.stringContaining('app'),
      });
    }
  });

  it.each([[['nonsense']], [['up', '--nonsense']], [['up', 'one-too-many']], [['up', '--config']], [['node-image']]])(
    '%j ends with 2',
    async (args) => {
      const { exitCode, stderr } = await plainHarness(all.directory, args);
      expect(exitCode).toBe(2);
      expect(stderr).not.toBe('');
      expect(stderr).not.toMatch(/^\s+at /m);
    },
  );

  it('has a summary too with --json', async () => {
    const run = await harness(all.directory, ['up', '--nonsense']);
    expectSummary(run, 2);
    expect(run.summary).toMatchObject({
      command: 'up',
      error: { code: 'USAGE', message: expect.stringContaining('--nonsense') },
    });
  });

  it.each(COMMANDS)('has help: %s --help', async (command) => {
    const { exitCode, stdout } = await plainHarness(all.directory, [...command.split(' '), '--help']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`Usage: harness ${command}`);
    expect(stdout).toContain('--json');
  });

  it('has help with the list of all commands', async () => {
    const { exitCode, stdout } = await plainHarness(all.directory, ['--help']);
    expect(exitCode).toBe(0);
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ +${command.split(' ')[0]}\\b`, 'm'));
  });
});

describe('Docker that does not answer', () => {
  it.each(['test-cached', 'status', 'clean', 'node-image status'])(
    'is reported by %s with the next step',
    async (command) => {
      const project = all.project(
        `no-docker-${command.replace(' ', '-')}`,
        {},
        { env: { DOCKER_HOST: 'unix:///nonexistent.sock' } },
      );
      const run = await project.run(...command.split(' '));
      expectSummary(run, 3);
      expect(run.summary.error).toMatchObject({
        code: 'DOCKER_DOWN',
        message: expect.stringContaining('/nonexistent.sock'),
        next: expect.stringContaining('harness setup'),
      });
    },
  );

  it('shows a stack trace only with --verbose', async () => {
    const project = all.project('verbose', {}, { env: { DOCKER_HOST: 'unix:///nonexistent.sock' } });
    expect((await project.plain('status')).stderr).not.toMatch(/^ +at /m);
    expect((await project.plain('status', '--verbose')).stderr).toMatch(/^ +at /m);
  });
});

describe('a build that fails', () => {
  it('is reported with the failing lines, and does not count as done', async () => {
    const project = all.project('build');
    project.write('app/Dockerfile', 'FROM scratch\nCOPY no-such-file /\n');
    const first = await project.run('build-if-needed');
    expectSummary(first, 3);
    expect(first.summary).toMatchObject({
      builds: [{ image: 'app', verdict: 'failed' }],
      error: { code: 'BUILD', detail: expect.stringContaining('no-such-file') },
    });
    const second = await project.run('build-if-needed');
    expectSummary(second, 3);
    expect(second.summary.builds).toMatchObject([{ verdict: 'failed' }]);
    project.write('app/Dockerfile', 'FROM scratch\nCOPY program /\n');
    const third = await project.run('build-if-needed');
    expectSummary(third, 0);
    expect(third.summary.builds).toMatchObject([{ verdict: 'built' }]);
  });

  it('keeps the image of the last successful build, and reports it as stale', async () => {
    const project = all.project('rebuild');
    await project.must('build-if-needed');
    project.write('app/Dockerfile', 'FROM scratch\nCOPY no-such-file /\n');
    expect((await project.run('build-if-needed')).summary.error?.code).toBe('BUILD');
    const { summary } = await project.must('cache-status');
    expect(summary.images).toMatchObject([{ verdict: 'stale', nodes: {} }]);
  });
});

describe('a cluster that does not exist', () => {
  it('is not an error for status, stop and down', async () => {
    const project = all.project('absent');
    expect((await project.must('status')).summary).toMatchObject({ state: 'absent', nodes: [], kubeconfig: null });
    await project.must('stop');
    expect((await project.must('down')).summary).toMatchObject({ deleted: false });
  });

  it('is an error for load-if-needed and kubeconfig', async () => {
    const project = all.project('down');
    await project.must('build-if-needed');
    for (const command of ['load-if-needed', 'kubeconfig']) {
      const run = await project.run(command);
      expectSummary(run, 3);
      expect(run.summary.error).toMatchObject({ code: 'CLUSTER', next: expect.stringContaining('harness up') });
    }
  });

  it.each(['doctor', 'node-image status'])('%s needs no configuration', async (command) => {
    expectSummary(await harness(all.directory, command.split(' ')), 0);
  });
});
