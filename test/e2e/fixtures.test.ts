import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CoreV1Api, KubeConfig, RbacAuthorizationV1Api } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import type { HarnessConfig } from '../../src/config/define.ts';
import { TEST_ANNOTATIONS, TEST_LABELS } from '../../src/core/labels.ts';
import { thisProcess } from '../../src/machine/running-process.ts';
import { onlyPod, replaceImage } from './support/pods.ts';
import { program } from './support/program.ts';
import { suite, type Project } from './support/suite.ts';
import { eventually } from './support/tools.ts';
import { guest, startVitest, vitest, vitestProject } from './support/vitest-project.ts';

/** Tests that use the cluster through this package's fixtures. */
const all = suite('fixtures');

function connect(project: Project) {
  const config = new KubeConfig();
  config.loadFromFile(project.kubeconfig);
  return { core: config.makeApiClient(CoreV1Api), rbac: config.makeApiClient(RbacAuthorizationV1Api) };
}

/** Namespaces of tests that are not being deleted. */
async function testNamespaces(project: Project): Promise<string[]> {
  const { items } = await connect(project).core.listNamespace();
  const live = items.filter(
    ({ metadata }) => metadata?.labels?.[TEST_LABELS.run] !== undefined && metadata.deletionTimestamp === undefined,
  );
  return live.map(({ metadata }) => metadata?.name ?? '');
}

describe('the helpers', () => {
  it('work on a real cluster', async () => {
    const project = vitestProject(all, 'helpers', {
      'helpers.ts': 'helpers.test.ts',
      'shared.ts': 'shared.test.ts',
      'web.ts': 'web.ts',
    });
    project.write('misspelt.yaml', MISSPELT);
    const { summary, output } = await project.must('test-cached');
    expect(summary.tests, output).toEqual({ passed: 6, failed: 0, skipped: 0 });
    expect(await testNamespaces(project)).toEqual([]);
    const { items } = await connect(project).rbac.listClusterRole({ labelSelector: TEST_LABELS.run });
    expect(items).toEqual([]);
  });
});

const MISSPELT = `
apiVersion: v1
kind: ConfigMap
metadata: { name: a }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec: { replicass: 1 }
`;

describe('files that run in parallel', () => {
  it('have one namespace each, and do not see each other', async () => {
    const project = vitestProject(all, 'parallel', {});
    for (let n = 1; n <= 20; n++) project.write(`file-${n}.test.ts`, guest('alone.ts'));
    const { summary, output } = await project.must('test-cached', '--', '--maxWorkers=5');
    expect(summary.tests).toEqual({ passed: 20, failed: 0, skipped: 0 });
    const names = [...output.matchAll(/namespace of its own: (test-sees-nothing-of-the-others-\w+)/g)].map(
      ([, name]) => name,
    );
    expect(new Set(names).size, output).toBe(20);
    expect(await testNamespaces(project)).toEqual([]);
  });

  it('of two projects prepare everything once', async () => {
    const project = vitestProject(all, 'projects', {
      'alone.ts': 'alone.test.ts',
      'projects.config.ts': 'vitest.config.ts',
    });
    const { stdout, exitCode } = await vitest(project, ['run']);
    expect(exitCode, stdout).toBe(0);
    expect(stdout.match(/deploying/g)).toHaveLength(1);
    expect(stdout).toMatch(/Tests +2 passed/);
  });

  it('of two shards run at the same time', async () => {
    const project = vitestProject(all, 'shards', { 'alone.ts': 'alone.test.ts' });
    project.write('other.test.ts', guest('alone.ts'));
    const shards = await Promise.all(['1/2', '2/2'].map((shard) => vitest(project, ['run', `--shard=${shard}`])));
    for (const { stdout, exitCode } of shards) {
      expect(exitCode, stdout).toBe(0);
      expect(stdout).toMatch(/Tests +1 passed/);
    }
  });
});

describe('watch mode', () => {
  it('prepares everything once, and runs edited files', async () => {
    const project = vitestProject(all, 'watch', { 'alone.ts': 'alone.test.ts' });
    const { child, prints, ended } = startVitest(project, ['--watch']);
    await prints(/Tests +1 passed[^]*Waiting for file changes/);
    project.write('alone.test.ts', guest('alone.ts').replace('sees nothing', 'still sees nothing'));
    await prints(/namespace of its own: test-still-sees-nothing[^]*Tests +1 passed/);
    child.kill('SIGTERM');
    const { stdout } = await ended;
    expect(stdout.match(/deploying/g)).toHaveLength(1);
  });
});

describe('a failed test', () => {
  it('names the crash, writes the state to the artifacts, and writes no secret', async () => {
    const project = vitestProject(all, 'failing', { 'crash.ts': 'crash.test.ts', 'web.ts': 'web.ts' });
    const reporters = [
      '--reporter=default',
      '--reporter=github-actions',
      '--reporter=junit',
      '--outputFile.junit=junit.xml',
    ];
    const { stdout, stderr, exitCode } = await vitest(project, ['run', ...reporters]);
    expect(exitCode).toBe(1);
    const printed = `${stdout}${stderr}`;
    expect(printed).toMatch(/container web of pod web-\S+ crashed: exit code 7 \(Error\)/);
    expect(printed).toMatch(/\| no such table: orders/);
    expect(printed).toMatch(
      /container web of pod web-\S+ is waiting: (ErrImagePull|ImagePullBackOff): .*localhost:1\/nobody\/nothing:1/,
    );
    expect(printed).toContain('nothing is wrong with its pods');

    // Vitest's own reporters show it, so that no other reporter is needed.
    const annotation = stdout
      .split('\n')
      .find((line) => line.startsWith('::error') && line.includes('a service that crashes'));
    expect(annotation).toContain('no such table: orders');
    expect(readFileSync(join(project.directory, 'junit.xml'), 'utf8')).toContain('no such table: orders');

    const [run = ''] = readdirSync(join(project.directory, '.harness', all.name, 'artifacts'));
    const artifacts = join(project.directory, '.harness', all.name, 'artifacts', run);
    expect(readdirSync(artifacts).sort()).toEqual([
      'a-failed-expectation-though-all-is-well',
      'a-service-that-crashes',
      'an-image-that-is-nowhere',
    ]);
    const files = readdirSync(join(artifacts, 'a-service-that-crashes'));
    const log = files.find((file) => /^web-\S+\.web(\.previous)?\.log$/.test(file)) ?? '';
    const read = (file: string) => readFileSync(join(artifacts, 'a-service-that-crashes', file), 'utf8');
    expect(read(log)).toBe('connecting as admin:***\nno such table: orders\n');
    expect(read('applied.yaml')).toContain('kind: Deployment');
    expect(read('pods.yaml')).toContain('exitCode: 7');
    expect(read('events.txt')).toContain('BackOff');
    const written = files.map(read).join('\n') + printed + readFileSync(join(project.directory, 'junit.xml'), 'utf8');
    expect(written).not.toContain('correct-horse');
    expect(written).not.toContain(Buffer.from('correct-horse').toString('base64'));
    expect(await testNamespaces(project)).toEqual([]);
  });

  it('leaves its namespace until the next run, on request', async () => {
    const project = vitestProject(all, 'keeping', { 'alone.ts': 'alone.test.ts' });
    const { output } = await project.must('test-cached', '--keep-namespaces');
    const [, command = '', name = ''] =
      /kept until the next run: (kubectl --kubeconfig \S+ -n (\S+) get all)/.exec(output) ?? [];
    expect(command).toContain(project.kubeconfig);
    expect(await testNamespaces(project)).toEqual([name]);
    expect((await project.must('test-cached')).output).toContain('removed 1 namespace of test runs that died');
    expect(await testNamespaces(project)).toEqual([]);
  });
});

describe('a run that was killed', () => {
  it('is cleaned up by the next run, which touches nothing else', async () => {
    const project = vitestProject(all, 'killed', { 'hanging.ts': 'hanging.test.ts' });
    const { child, prints, ended } = startVitest(project, ['run'], { HANG: '1' });
    const [, orphan = ''] = await prints(/made (test-never-ends-\w+)/);
    child.kill('SIGKILL');
    await ended;
    expect(await testNamespaces(project)).toEqual([orphan]);

    // Of a run that is still alive, of another project, of another machine, and without an owner.
    const { core, rbac } = connect(project);
    const make = async (name: string, label: string, owner: object | undefined) => {
      const annotations = owner && { [TEST_ANNOTATIONS.owner]: JSON.stringify(owner) };
      const labels = { [TEST_LABELS.project]: label, [TEST_LABELS.run]: 'some-run' };
      await core.createNamespace({ body: { metadata: { name, labels, ...(annotations ? { annotations } : {}) } } });
    };
    const dead = { ...thisProcess(), pid: 4_194_305 }; // above the highest pid on Linux
    await make('living', all.name, thisProcess());
    await make('other-project', 'another-project', dead);
    await make('other-machine', all.name, { ...dead, host: 'elsewhere' });
    await make('unowned', all.name, undefined);

    const { stdout, exitCode } = await vitest(project, ['run']);
    expect(exitCode, stdout).toBe(0);
    expect(stdout).toContain('removed 1 namespace of test runs that died');
    expect((await testNamespaces(project)).sort()).toEqual(['living', 'other-machine', 'other-project', 'unowned']);
    await eventually('the killed run leaves no cluster-scoped object', async () => {
      const { items } = await rbac.listClusterRole({ labelSelector: TEST_LABELS.run });
      return items.length === 0;
    });
  });
});

describe('what is deployed', () => {
  /** One of several directories with the same project, namespace and image. */
  function shared(name: string): HarnessConfig {
    const images = { app: { context: 'app', tag: `${all.name}/${name}:dev` } };
    return { namespace: name, images, manifests: 'manifest.yaml' };
  }

  function gatedProject(directory: string, name: string): Project {
    const project = vitestProject(all, directory, { 'gated.ts': 'gated.test.ts' }, shared(name), {
      env: { CI: undefined }, // in CI, no passed test is remembered
    });
    project.write('app/Dockerfile', 'FROM scratch\nCOPY program /program\nENTRYPOINT ["/program"]\n');
    project.write('gate', '');
    return project;
  }

  it('is not replaced by another directory while tests of vitest use it', async () => {
    const first = gatedProject('first-directory', 'shared');
    const second = all.project('second-directory', { ...shared('shared'), tests: { command: ['true'] } });
    second.write('app/program', program('second build'));
    const tests = startVitest(first, ['run']);
    await tests.prints(/testing/);
    const holder = `waiting for the tests of vitest (process ${tests.child.pid}, ${first.directory})`;

    const interrupted = second.start('test-cached');
    await interrupted.event((event) => event.type === 'note' && event.message === holder);
    interrupted.child.kill('SIGINT');
    expect((await interrupted.ended).exitCode).toBe(130);

    const locked = await second.run('test-cached', '--lock-timeout', '0');
    expect(locked.summary).toMatchObject({
      exitCode: 3,
      error: { code: 'LOCKED', message: expect.stringContaining(`(process ${tests.child.pid}, ${first.directory})`) },
    });

    const waiting = second.start('test-cached');
    await waiting.event((event) => event.type === 'note' && event.message === holder);
    rmSync(join(first.directory, 'gate'));
    const { exitCode, stdout } = await tests.ended;
    expect(exitCode, stdout).toBe(0);
    const { summary } = await waiting.ended;
    expect(summary).toMatchObject({ exitCode: 0, loads: [{ verdict: 'transferred' }], tests: { passed: 1 } });
    expect((await onlyPod(second.kubeconfig, 'shared')).log).toBe('second build');
  });

  it('is compared after the tests: a pass on something else is none, and is not remembered', async () => {
    const project = gatedProject('replaced', 'replaced');
    project.configure({ tests: { cache: true } });
    const running = project.start('test-cached');
    await running.event((event) => event.type === 'output' && event.line.includes('testing'));
    await replaceImage(project, 'localhost/someone/else:1');
    rmSync(join(project.directory, 'gate'));
    const { exitCode, summary } = await running.ended;
    expect(exitCode).toBe(3);
    expect(summary).toMatchObject({ tests: null, error: { code: 'NOT_CURRENT' } });
    expect(summary.error?.detail).toMatch(/container c0 of pod app-\S+ runs localhost\/someone\/else:1/);

    expect((await project.must('test-cached')).summary.tests).toMatchObject({ passed: 1, unchanged: 0 });
    expect((await project.must('test-fast')).summary.tests).toMatchObject({ passed: 0, unchanged: 1 });
  });
});
