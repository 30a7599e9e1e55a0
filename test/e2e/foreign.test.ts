import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { LABELS } from '../../src/core/labels.ts';
import { run } from '../../src/machine/process.ts';
import { lie, withAnotherHash } from '../support/lying-index.ts';
import { plainHarness, REPOSITORY, type Start } from './support/command.ts';
import { onlyPod } from './support/pods.ts';
import { program } from './support/program.ts';
import { leftBehind, suite, type Project } from './support/suite.ts';
import { docker, dockerLines } from './support/tools.ts';

/**
 * The package in another repository: installed from its tarball, and without TypeScript.
 */
const all = suite('foreign');
const node = `${all.name}-control-plane`;
const home = join(all.directory, 'home');
const usersKubeconfig = join(home, '.kube', 'config');
const installed: Start = {
  program: [join(all.directory, 'node_modules', '.bin', 'harness')],
  // The user's own kubeconfig is invalid, so that reading it would fail.
  env: { HOME: home, KUBECONFIG: usersKubeconfig },
};

const CHECK = `set -eu
test -n "$(find "$KUBECONFIG" -type f -perm 600)"
test "$HARNESS_NAMESPACE" = "$1"
test "$HARNESS_IMAGE_APP" = "$2"
echo "tier $HARNESS_TIER"
`;

function foreignProject(name: string): Project {
  const project = all.project(name, {}, installed);
  project.write('check.sh', CHECK);
  project.configure({ tests: { command: ['sh', 'check.sh', project.namespace, project.reference] } });
  return project;
}

beforeAll(async () => {
  mkdirSync(join(home, '.kube'), { recursive: true });
  writeFileSync(usersKubeconfig, 'neither: [read\n');
  // The global setup has already built it.
  const pack = await run(['npm', 'pack', '--ignore-scripts', '--json', '--pack-destination', all.directory], {
    cwd: REPOSITORY,
  });
  const [{ filename }] = JSON.parse(pack.stdout) as [{ filename: string }];
  writeFileSync(join(all.directory, 'package.json'), '{ "name": "another", "private": true }');
  await run(['npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', join(all.directory, filename)], {
    cwd: all.directory,
  });
  await foreignProject('first').must('up');
});

describe('test-cached', () => {
  it('builds, loads, deploys and tests, and only tests the second time', async () => {
    const project = foreignProject('cached');
    const first = await project.must('test-cached');
    expect(first.summary).toMatchObject({
      type: 'summary',
      command: 'test-cached',
      ok: true,
      exitCode: 0,
      builds: [{ image: 'app', verdict: 'built', reason: expect.any(String), ms: expect.any(Number) }],
      loads: [{ image: 'app', node, verdict: 'transferred', bytes: expect.any(Number), ms: expect.any(Number) }],
      tests: { passed: 1, failed: 0, skipped: 0 },
      ms: expect.any(Number),
    });
    expect(first.output).toContain('tier test-cached');
    expect((await onlyPod(project.kubeconfig, project.namespace)).log).toBe('first build');

    const second = await project.must('test-cached');
    expect(second.summary).toMatchObject({
      builds: [{ verdict: 'fresh' }],
      loads: [{ verdict: 'present', bytes: 0 }],
      tests: { passed: 1, failed: 0, skipped: 0 },
    });
  });

  it('prints what it skips in plain lines', async () => {
    const project = foreignProject('plain');
    await project.must('test-cached');
    const { stdout, exitCode } = await project.plain('test-cached');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^✅ image app is up to date .*, skipping build/m);
    expect(stdout).toMatch(new RegExp(`^✅ image app is already in node ${node}, skipping load`, 'm'));
    expect(stdout).toMatch(/✅ test-cached: 0 built, 0 loaded, tests 1 passed, 0 failed, 0 skipped/);
  });

  it('runs the new image after an edit', async () => {
    const project = foreignProject('edited');
    await project.must('test-cached');
    const before = await onlyPod(project.kubeconfig, project.namespace);
    project.write('app/program', program('second build'));
    const { summary } = await project.must('test-cached');
    expect(summary.builds).toMatchObject([{ verdict: 'built', reason: expect.stringContaining('program') }]);
    expect(summary.loads).toMatchObject([{ verdict: 'transferred' }]);
    const after = await onlyPod(project.kubeconfig, project.namespace);
    expect(after.log).toBe('second build');
    const build = (pod: typeof after.pod) => pod.metadata?.annotations?.['image.kind-harness.dev/app'];
    expect(build(after.pod)).toBe(await docker('image', 'inspect', '--format', '{{.Id}}', project.reference));
    expect(build(after.pod)).not.toBe(build(before.pod));
  });

  it('neither builds nor loads when only a test changed', async () => {
    const project = foreignProject('tests');
    await project.must('test-cached');
    project.write('check.sh', `${CHECK}echo another test\n`);
    const { summary, output } = await project.must('test-cached');
    expect(summary).toMatchObject({ builds: [{ verdict: 'fresh' }], loads: [{ verdict: 'present' }] });
    expect(output).toContain('another test');
  });

  it('does not rebuild if files were touched but not changed', async () => {
    const project = foreignProject('touched');
    await project.must('test-cached');
    const later = new Date(Date.now() + 60_000);
    for (const file of ['app/program', 'app/Dockerfile', 'manifest.yaml', 'harness.config.json']) {
      utimesSync(join(project.directory, file), later, later);
    }
    const { summary } = await project.must('test-cached');
    expect(summary).toMatchObject({ builds: [{ verdict: 'fresh' }], loads: [{ verdict: 'present' }] });
  });

  it('ends with 1 when the tests fail', async () => {
    const project = foreignProject('failing');
    project.write('check.sh', 'echo this is why; exit 7\n');
    const { summary, output, exitCode } = await project.run('test-cached');
    expect(exitCode).toBe(1);
    expect(summary).toMatchObject({ ok: false, exitCode: 1, tests: { passed: 0, failed: 1, skipped: 0 } });
    expect(output).toContain('this is why');
  });

  it('starts a stopped node, and does not recreate it', async () => {
    const project = foreignProject('stopped');
    await project.must('test-cached');
    const id = () => docker('inspect', '--format', '{{.Id}}', node);
    const before = await id();
    await docker('stop', node);
    const { summary, events } = await project.must('test-cached');
    expect(await id()).toBe(before);
    expect(summary).toMatchObject({
      builds: [{ verdict: 'fresh' }],
      loads: [{ verdict: 'present' }],
      tests: { passed: 1 },
    });
    expect(events).toContainEqual(
      expect.objectContaining({ id: 'cluster', state: 'done', title: expect.stringContaining('started') }),
    );
    expect((await onlyPod(project.kubeconfig, project.namespace)).log).toBe('first build');
  });
});

describe('test-fast', () => {
  it('builds nothing, and reports that the image is stale', async () => {
    const project = foreignProject('fast');
    await project.must('test-cached');
    const before = await onlyPod(project.kubeconfig, project.namespace);
    project.write('app/program', program('never built'));
    const { summary, notes, output } = await project.must('test-fast');
    expect(summary).toMatchObject({
      builds: [{ verdict: 'skipped' }],
      loads: [{ verdict: 'present' }],
      tests: { passed: 1 },
    });
    expect(notes).toMatch(/image app is stale .*program/);
    expect(output).toContain('tier test-fast');
    const after = await onlyPod(project.kubeconfig, project.namespace);
    expect(after.pod.metadata?.uid).toBe(before.pod.metadata?.uid);
  });

  it('fails if the image was never built', async () => {
    const { summary, exitCode } = await foreignProject('unbuilt').run('test-fast');
    expect(exitCode).toBe(3);
    expect(summary.error).toMatchObject({ code: 'BUILD', next: expect.stringContaining('test-cached') });
  });
});

describe('test-kind', () => {
  it('builds and loads even if everything is fresh and present', async () => {
    const project = foreignProject('kind');
    await project.must('test-cached');
    const { summary, output } = await project.must('test-kind');
    expect(summary).toMatchObject({
      builds: [{ verdict: 'built' }],
      loads: [{ verdict: 'transferred' }],
      tests: { passed: 1 },
    });
    expect(output).toContain('tier test-kind');
  });
});

describe('cache-status', () => {
  it('reports for each image whether it is fresh, and where it is loaded', async () => {
    const project = foreignProject('status');
    const status = async () => (await project.must('cache-status')).summary.images;
    const app = { image: 'app', reference: project.reference, reason: expect.any(String) };
    const newest = { path: 'program', modified: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) };
    expect(await status()).toMatchObject([
      { ...app, verdict: 'missing', action: 'build', created: null, size: null, nodes: { [node]: 'missing' } },
    ]);
    await project.must('test-cached');
    const existing = { newest, created: expect.stringMatching(/^\d{4}-/), size: expect.any(Number) };
    expect(await status()).toMatchObject([
      { ...app, ...existing, verdict: 'fresh', action: 'skip', changed: [], nodes: { [node]: 'present' } },
    ]);
    project.write('app/program', program('edited'));
    const changed = [{ path: 'program', kind: 'modified' }];
    expect(await status()).toMatchObject([
      { ...app, ...existing, verdict: 'stale', action: 'build', changed, nodes: { [node]: 'present' } },
    ]);
    await project.must('build-if-needed');
    expect(await status()).toMatchObject([{ ...app, ...existing, verdict: 'fresh', nodes: { [node]: 'stale' } }]);
  });
});

describe('cache-status --verify', () => {
  it('names files that changed although the index says that they did not, and corrects it', async () => {
    const project = foreignProject('verify');
    await project.must('build-if-needed');
    const indexes = join(project.directory, '.harness', all.name, 'index');
    for (const name of readdirSync(indexes)) lie(join(indexes, name), withAnotherHash('program'));
    expect((await project.must('cache-status')).summary.images).toMatchObject([{ verdict: 'stale' }]);
    const { exitCode, summary } = await project.run('cache-status', '--verify');
    expect(exitCode).toBe(3);
    expect(summary).toMatchObject({
      images: [{ verdict: 'fresh' }],
      verified: { wrong: [{ image: 'app', path: 'program' }] },
      error: { code: 'INDEX_WRONG', detail: 'app: program' },
    });
    expect((await project.must('cache-status', '--verify')).summary).toMatchObject({ verified: { wrong: [] } });
  });
});

describe('options of a tier', () => {
  const containers = () =>
    dockerLines('ps', '--all', '--filter', `label=io.x-k8s.kind.cluster=${all.name}`, '--format', '{{.ID}} {{.State}}');
  // Sorted, because Docker lists images of the same time in any order.
  const images = async () =>
    (
      await dockerLines(
        'images',
        '--filter',
        `label=${LABELS.project}=${all.name}`,
        '--format',
        '{{.ID}} {{.Repository}}:{{.Tag}}',
      )
    ).sort();

  it.each(['test-kind', 'test-cached', 'test-fast'])('%s --dry-run prints what it would do', async (tier) => {
    const project = foreignProject(`plan-${tier}`);
    await project.must('test-cached');
    project.write('app/program', program('edited'));
    const before = [await containers(), await images()];
    const { summary } = await project.must(tier, '--dry-run');
    const action = tier === 'test-fast' ? 'skip' : 'build';
    expect(summary['plan']).toMatchObject({
      cluster: { action: 'use' },
      images: [{ image: 'app', verdict: 'stale', action, changed: [{ path: 'program', kind: 'modified' }] }],
      loads: [{ image: 'app', node, action: tier === 'test-fast' ? 'skip' : 'transfer' }],
      objects: 1,
    });
    expect(summary).toMatchObject({ builds: [], loads: [], tests: null });
    expect([await containers(), await images()]).toEqual(before);
    expect((await project.plain(tier, '--dry-run')).stdout).toContain(`${tier} would`);
  });

  it('a run with --expect-fresh stops if it would have to build', async () => {
    const project = foreignProject('expect-fresh');
    await project.must('test-cached');
    expect((await project.must('test-cached', '--expect-fresh')).summary).toMatchObject({
      builds: [{ verdict: 'fresh' }],
      tests: { passed: 1 },
    });
    project.write('app/program', program('edited'));
    const before = await images();
    for (const args of [
      ['test-cached'],
      ['test-fast'],
      ['build-if-needed'],
      ['cache-status'],
      ['test-cached', '--dry-run'],
    ]) {
      const { exitCode, summary } = await project.run(...args, '--expect-fresh');
      expect(exitCode).toBe(3);
      expect(summary).toMatchObject({
        builds: [],
        tests: null,
        error: {
          code: 'STALE',
          detail: 'app is stale: 1 file changed: program (modified)',
          next: expect.stringContaining('harness why'),
        },
      });
    }
    expect(await images()).toEqual(before);
  });

  it('an image that CI built from the same inputs is used, and is loaded like a local build', async () => {
    const project = foreignProject('since');
    project.write('app/program', program('since CI built it')); // an image that no other test loads into the node
    await project.must('build-if-needed');
    const ci = `${project.reference}-ci`;
    await docker('tag', project.reference, ci);
    await docker('rmi', project.reference);
    const { summary, output } = await project.must('test-cached', '--since-image', ci, '--expect-fresh');
    expect(summary).toMatchObject({
      builds: [{ verdict: 'fresh', reason: expect.stringContaining(ci) }],
      loads: [{ verdict: 'transferred' }],
    });
    expect(output).toContain('tier test-cached');
    expect((await project.must('why')).summary).toMatchObject({ images: [{ verdict: 'fresh', lastBuild: null }] });
    expect((await project.run('test-kind', '--since-image', ci)).summary.error).toMatchObject({ code: 'USAGE' });
  });
});

describe('the package', () => {
  it('is found by npx', async () => {
    const { stdout } = await plainHarness(all.directory, ['--version'], {
      program: ['npx', '--no-install', 'harness'],
    });
    expect(stdout.trim()).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('does not touch the kubeconfig of the user', async () => {
    const project = foreignProject('kubeconfig');
    const { summary } = await project.must('up');
    expect(summary['kubeconfig']).toBe(project.kubeconfig);
    expect((await project.plain('kubeconfig')).stdout.trim()).toBe(project.kubeconfig);
    expect(readFileSync(usersKubeconfig, 'utf8')).toBe('neither: [read\n');
  });

  it('does not create a kubeconfig for a user who has none', async () => {
    const bare = join(all.directory, 'bare-home');
    mkdirSync(bare);
    const project = all.project('bare', {}, { ...installed, env: { HOME: bare, KUBECONFIG: undefined } });
    await project.must('test-cached');
    expect(existsSync(join(bare, '.kube'))).toBe(false);
  });

  it('leaves nothing behind after `clean`', async () => {
    const project = foreignProject('clean');
    await project.must('test-cached');
    const { summary } = await project.must('clean');
    expect(summary).toMatchObject({
      command: 'clean',
      cluster: true,
      images: expect.arrayContaining([project.reference]),
    });
    expect((await leftBehind(all.name)).containers).toEqual([]);
    expect(await dockerLines('images', '--quiet', project.reference)).toEqual([]);
    expect(existsSync(project.kubeconfig)).toBe(false);
    expect((await project.must('clean')).summary).toMatchObject({ cluster: false, images: [] });
    expect(readFileSync(usersKubeconfig, 'utf8')).toBe('neither: [read\n');
  });
});
