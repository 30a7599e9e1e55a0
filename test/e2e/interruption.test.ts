import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Event } from '../../src/core/event.ts';
import { onlyPod } from './support/pods.ts';
import { suite, type Project } from './support/suite.ts';
import { dockerLines, eventually } from './support/tools.ts';

/** Runs that are interrupted: the next run must not treat unfinished work as finished. */
const all = suite('interruption');

/** A project whose image takes long enough to build and load that a signal arrives in time. */
function heavyProject(name: string): Project {
  const project = all.project(name);
  project.write('app/ballast', randomBytes(96 << 20));
  project.write('app/Dockerfile', 'FROM scratch\nCOPY ballast /\nCOPY program /program\nENTRYPOINT ["/program"]\n');
  return project;
}

const isStart = (id: string) => (event: Event) => event.type === 'step' && event.id === id && event.state === 'start';

describe('a creation', () => {
  it.each(['SIGINT', 'SIGKILL'] as const)(
    'that %s ends is repeated by the next run, which reports it',
    async (signal) => {
      const project = all.project(`creation-${signal.toLowerCase()}`);
      await project.must('down');
      const { child, event, ended } = project.start('up');
      await event(isStart('cluster'));
      await eventually('the node exists', async () => {
        const nodes = await dockerLines('ps', '--quiet', '--filter', `label=io.x-k8s.kind.cluster=${all.name}`);
        return nodes.length > 0;
      });
      child.kill(signal);
      const { exitCode, summary } = await ended;
      if (signal === 'SIGINT') {
        expect(exitCode).toBe(130);
        expect(summary).toMatchObject({ command: 'up', ok: false, exitCode: 130, error: { code: 'INTERRUPTED' } });
      }
      const { notes } = await project.must('up');
      expect(notes).toMatch(/recreating cluster \S+: its creation was interrupted/);
      expect((await project.must('status')).summary).toMatchObject({ state: 'running' });
    },
  );
});

describe('a build', () => {
  it('that is interrupted does not count as finished', async () => {
    const project = heavyProject('build');
    const { child, event, ended } = project.start('build-if-needed');
    await event((each) => each.type === 'step' && each.id === 'build:app' && each.state === 'progress');
    child.kill('SIGINT');
    const { exitCode, summary } = await ended;
    expect(exitCode).toBe(130);
    expect(summary).toMatchObject({ builds: [{ verdict: 'failed' }], error: { code: 'INTERRUPTED' } });
    expect((await project.must('cache-status')).summary.images).toMatchObject([{ verdict: 'missing' }]);
    expect((await project.must('build-if-needed')).summary.builds).toMatchObject([{ verdict: 'built' }]);
  });
});

describe('a load', () => {
  it.each(['SIGINT', 'SIGKILL'] as const)('that %s ends does not count as finished', async (signal) => {
    const project = heavyProject(`load-${signal.toLowerCase()}`);
    await project.must('up');
    await project.must('build-if-needed');
    const { child, event, ended } = project.start('test-cached');
    await event(isStart('load:app'));
    child.kill(signal);
    const { exitCode, summary } = await ended;
    if (signal === 'SIGINT')
      expect(summary, `exit code ${exitCode}`).toMatchObject({
        exitCode: 130,
        tests: null,
        error: { code: 'INTERRUPTED' },
      });
    const next = await project.must('test-cached');
    expect(next.summary).toMatchObject({
      builds: [{ verdict: 'fresh' }],
      loads: [{ verdict: 'transferred' }],
      tests: { passed: 1 },
    });
    expect((await onlyPod(project.kubeconfig, project.namespace)).log).toBe('first build');
  });
});

describe('tests', () => {
  it('that are interrupted end together with their run', async () => {
    const project = all.project('tests', { tests: { command: ['sh', '-c', 'echo testing; exec sleep 1000'] } });
    await project.must('up');
    const { child, event, ended } = project.start('test-cached');
    await event((each) => each.type === 'output' && each.line === 'testing');
    child.kill('SIGINT');
    expect((await ended).summary).toMatchObject({ exitCode: 130, tests: null, error: { code: 'INTERRUPTED' } });
    project.configure({ tests: { command: ['true'] } });
    await project.must('test-cached');
  });
});
