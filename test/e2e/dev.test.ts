import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Event, Round } from '../../src/core/event.ts';
import { REPOSITORY, type Running } from './support/command.ts';
import { onlyPod, replaceImage } from './support/pods.ts';
import { program } from './support/program.ts';
import { suite, type Project } from './support/suite.ts';

/** `harness dev`: rebuilds, redeploys and retests after each edit. */
const all = suite('dev');

/** A running loop, and the events that were read from it so far. */
class Loop {
  readonly #running: Running;
  readonly #read = new Set<Event>();

  constructor(project: Project) {
    this.#running = project.start('dev');
  }

  /** Waits for the end of the next round. */
  async round(): Promise<Round> {
    return (await this.#next((event) => event.type === 'round')) as Round;
  }

  /** Waits for the next note that contains this text. */
  async note(text: string): Promise<string> {
    const note = await this.#next((event) => event.type === 'note' && event.message.includes(text));
    return note.type === 'note' ? note.message : '';
  }

  /** Waits for the next line of the tests that contains this text. */
  async output(text: string): Promise<void> {
    await this.#next((event) => event.type === 'output' && event.line.includes(text));
  }

  async interrupt(): Promise<number | null> {
    this.#running.child.kill('SIGINT');
    return (await this.#running.ended).exitCode;
  }

  async #next(fits: (event: Event) => boolean): Promise<Event> {
    const event = await this.#running.event((each) => !this.#read.has(each) && fits(each));
    this.#read.add(event);
    return event;
  }
}

async function whileRunning(project: Project, work: (loop: Loop) => Promise<void>): Promise<void> {
  const loop = new Loop(project);
  try {
    await work(loop);
  } finally {
    expect(await loop.interrupt()).toBe(130);
  }
}

const vitestFile = (name: string, body: string) =>
  `import { expect, test } from 'vitest';\n${body}\ntest('${name}', () => expect(value).toBe(1));\n`;

beforeAll(async () => {
  symlinkSync(join(REPOSITORY, 'node_modules'), join(all.directory, 'node_modules'));
  await all.project('first').must('up');
});

describe('the loop', () => {
  it('builds, loads, deploys and tests after an edit, survives a failed build, and runs only the tests if only they change', async () => {
    const project = all.project('edits');
    await whileRunning(project, async (loop) => {
      expect(await loop.round()).toMatchObject({ ok: true, builds: [{ verdict: 'built' }], tests: { passed: 1 } });
      await loop.note('waiting');

      project.write('app/program', program('second build'));
      expect(await loop.note('→')).toBe('image app: 1 file changed: program (modified) → build, load, deploy, test');
      expect(await loop.round()).toMatchObject({
        ok: true,
        builds: [{ verdict: 'built' }],
        loads: [{ verdict: 'transferred' }],
      });
      expect((await onlyPod(project.kubeconfig, project.namespace)).log).toContain('second build');

      project.write('app/Dockerfile', 'FROM scratch\nCOPY nothing /\n');
      expect(await loop.round()).toMatchObject({ ok: false, error: { code: 'BUILD' }, tests: null });
      project.write('app/Dockerfile', 'FROM scratch\nCOPY program /program\nENTRYPOINT ["/program"]\n');
      expect(await loop.round()).toMatchObject({ ok: true, tests: { passed: 1 } });

      project.write('check.sh', 'exit 1\n');
      expect(await loop.note('check.sh')).toBe('tests: check.sh changed → test');
      expect(await loop.round()).toMatchObject({ ok: false, builds: [], loads: [], tests: { failed: 1 } });
      project.write('check.sh', 'true\n');
      expect(await loop.round()).toMatchObject({ ok: true, tests: { passed: 1 } });
    });
  });

  it('does not miss a change during a round', async () => {
    const project = all.project('meanwhile');
    const gate = join(project.directory, '.gate');
    project.write('check.sh', `echo begun\nwhile test -e .gate; do sleep 0.1; done\n`);
    project.write('.gate', '');
    await whileRunning(project, async (loop) => {
      await loop.output('begun');
      project.write('app/program', program('changed meanwhile'));
      rmSync(gate);
      expect(await loop.round()).toMatchObject({ ok: true, builds: [{ verdict: 'built' }] });
      expect(await loop.round()).toMatchObject({
        ok: true,
        builds: [{ verdict: 'built' }],
        loads: [{ verdict: 'transferred' }],
      });
    });
  });

  it('deploys again instead of testing what something else has deployed', async () => {
    const project = all.project('replaced');
    await whileRunning(project, async (loop) => {
      expect(await loop.round()).toMatchObject({ ok: true, tests: { passed: 1 } });
      await replaceImage(project, 'localhost/someone/else:1');
      project.write('check.sh', 'echo edited\n');
      expect(await loop.note('deploying again')).toContain('localhost/someone/else:1');
      expect(await loop.round()).toMatchObject({ ok: true, builds: [{ verdict: 'fresh' }], tests: { passed: 1 } });
      expect((await onlyPod(project.kubeconfig, 'replaced')).pod.spec?.containers[0]?.image).toBe(project.reference);
    });
  });

  it('continues with a changed configuration', async () => {
    const project = all.project('reconfigured');
    await whileRunning(project, async (loop) => {
      expect(await loop.round()).toMatchObject({ ok: true });
      project.write('harness.config.json', '{ "images": 1 }');
      expect(await loop.round()).toMatchObject({ ok: false, error: { code: 'CONFIG' } });
      project.configure({ tests: { command: ['false'] } });
      expect(await loop.note('→')).toBe('configuration changed → everything');
      expect(await loop.round()).toMatchObject({ ok: false, tests: { failed: 1 } });
    });
  });

  it('runs only the test files that a change affects', async () => {
    const project = all.project('affected', { tests: {} });
    project.write('lib.ts', 'export const value = 1;\n');
    project.write('test/one/one.test.ts', vitestFile('one', `import { value } from '../../lib.ts';`));
    project.write('test/two/two.test.ts', vitestFile('two', 'const value = 1;'));
    await whileRunning(project, async (loop) => {
      expect(await loop.round()).toMatchObject({ ok: true, tests: { passed: 2 } });

      project.write('lib.ts', 'export const value = 2;\n');
      expect(await loop.note('→')).toBe('tests: lib.ts changed → test');
      expect(await loop.round()).toMatchObject({
        ok: false,
        builds: [],
        tests: { passed: 0, failed: 1, unchanged: 1 },
      });
      project.write('README.md', 'affects no test\n');
      project.write('lib.ts', 'export const value = 3 - 2;\n');
      expect(await loop.round()).toMatchObject({ ok: true, tests: { passed: 1, unchanged: 1 } });

      project.write('app/program', program('for all tests'));
      expect(await loop.round()).toMatchObject({ ok: true, builds: [{ verdict: 'built' }], tests: { passed: 2 } });
    });
  });
});
