import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { DockerEngine } from '../../src/docker/engine.ts';
import { EngineLock } from '../../src/locking/engine-lock.ts';
import { newHolder, type Holder } from '../../src/locking/holder.ts';
import { openLifeline, type Lifeline } from '../../src/locking/lifeline.ts';
import { ownTokens } from '../../src/locking/own-tokens.ts';
import { takeLock, type TakeOptions } from '../../src/locking/take-lock.ts';
import { scratch } from '../support/scratch.ts';

/** The lock in a real engine, as runs with different home directories meet it. */
const engine = DockerEngine.of(process.env);
const name = `test-${process.pid}-${randomUUID().slice(0, 8)}`;
const volume = `kind-harness-lock-${name}`;
const LOCK = fileURLToPath(new URL('../../src/locking/take-lock.ts', import.meta.url));
const ENGINE = fileURLToPath(new URL('../../src/docker/engine.ts', import.meta.url));

/** Takes the lock with a home of its own. */
const take = (command: string, more: Partial<TakeOptions> = {}) =>
  takeLock({ name, what: 'the test', engine }, command, { env: { XDG_CACHE_HOME: scratch() }, ...more });

const volumes = async () => (await engine.ask('GET', `/volumes/${volume}`)).status;

/** A process in its own PID namespace and with its own home that takes the lock and holds it. */
async function otherHolder() {
  const program = `
    import { takeLock } from ${JSON.stringify(LOCK)};
    import { DockerEngine } from ${JSON.stringify(ENGINE)};
    const engine = DockerEngine.of(process.env);
    const options = { env: { XDG_CACHE_HOME: ${JSON.stringify(scratch())} } };
    const { release } = await takeLock({ name: '${name}', what: 'it', engine }, 'harness elsewhere', options);
    console.log('held');
    process.stdin.once('end', () => release().then(() => process.exit())).resume();`;
  const isolation = ['--pid', '--fork', '--kill-child', '--mount-proc', process.execPath];
  const argv = [...isolation, '--input-type=module', '--disable-warning=ExperimentalWarning', '-e', program];
  const child = spawn('unshare', ['--user', '--map-root-user', ...argv], { stdio: ['pipe', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child;
}

/** The lock as another process sees it, whose end cannot be seen from here. */
function unseen(): { holder: Holder; lock: EngineLock } {
  const holder = newHolder('harness unseen');
  holder.owner.host = 'elsewhere';
  return { holder, lock: new EngineLock(engine, name, holder) };
}

afterAll(async () => {
  await engine.ask('DELETE', `/volumes/${volume}`);
});

describe('the lock in the engine', () => {
  it('excludes a run in another container with another home, which is named', async () => {
    const holder = await otherHolder();
    await expect(take('mine', { timeout: 0 })).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringMatching(
        /^Another run uses the test: harness elsewhere \(process \d+\) of \S+ on \S+, since /,
      ),
    });
    await take('mine', { onWait: () => holder.stdin.end() }).then(({ release }) => release());
    expect(await volumes()).toBe(404);
  });

  it('ends with its holder, also if that is killed where nobody can see it', async () => {
    const holder = await otherHolder();
    holder.kill('SIGKILL');
    await (await take('mine', { timeout: 60_000 })).release();
    expect(await volumes()).toBe(404);
  });

  it('has one holder at a time', async () => {
    let inside = 0;
    const work = async () => {
      const { release } = await take('one of several');
      expect(++inside).toBe(1);
      await engine.ask('GET', '/_ping');
      inside--;
      await release();
    };
    await Promise.all(Array.from({ length: 6 }, work));
    expect(await volumes()).toBe(404);
  });

  it('is not taken over by two at once', async () => {
    const { holder, lock } = unseen();
    holder.owner = { ...newHolder('').owner }; // a process that ended here: it no longer has this token
    expect(await lock.attempt()).toHaveProperty('release');
    lock.giveUp();
    const attempts = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const mine = newHolder('mine');
        ownTokens.add(mine.token);
        return new EngineLock(engine, name, mine).attempt();
      }),
    );
    const taken = attempts.filter((attempt) => 'release' in attempt);
    expect(taken).toHaveLength(1);
    await taken[0]?.release();
    expect(await volumes()).toBe(404);
  });

  it('does not take a volume of somebody else for a lock', async () => {
    await engine.ask('POST', '/volumes/create', { Name: volume });
    await expect(take('mine')).rejects.toMatchObject({ code: 'LOCKED', message: expect.stringContaining(volume) });
    expect(await volumes()).toBe(200);
    await engine.ask('DELETE', `/volumes/${volume}`);
  });

  it('is given back after an interruption of the wait', async () => {
    const { release } = await take('first');
    const controller = new AbortController();
    const waiting = take('second', { signal: controller.signal, onWait: () => controller.abort() });
    await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await release();
    expect(await volumes()).toBe(404);
  });
});

describe.concurrent('a lifeline', () => {
  it('answers the questions of the engine, and has a name that no second one gets', async () => {
    const lifeline = randomUUID();
    const first = (await openLifeline(engine, lifeline)) as Lifeline;
    expect(await openLifeline(engine, lifeline)).toBe('taken');
    await new Promise((resolve) => setTimeout(resolve, 6_500)); // the engine asks every five seconds
    expect(first.wasBroken()).toBe(false);
    expect(await openLifeline(engine, lifeline)).toBe('taken');
    first.close();
  });

  it('that broke is opened again, as after a restart of the engine', async () => {
    const sockets: Duplex[] = [];
    const name = randomUUID();
    const observed = {
      upgrade: async (...args: Parameters<DockerEngine['upgrade']>) => {
        const answer = await engine.upgrade(...args);
        if (!('status' in answer)) sockets.push(answer);
        return answer;
      },
    } as unknown as DockerEngine;
    const lifeline = (await openLifeline(observed, name)) as Lifeline;
    sockets[0]?.destroy();
    // The engine keeps the name for some seconds.
    await vi.waitFor(() => expect(sockets).toHaveLength(2), 30_000);
    expect(lifeline.wasBroken()).toBe(true);
    expect(await openLifeline(engine, name)).toBe('taken');
    lifeline.close();
  });
});
