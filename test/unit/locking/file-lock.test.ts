import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fileLock } from '../../../src/locking/file-lock.ts';
import { newHolder } from '../../../src/locking/holder.ts';
import { takeLock, type TakeOptions } from '../../../src/locking/take-lock.ts';
import { LOCKS_VARIABLE } from '../../../src/locking/turn.ts';
import { run } from '../../../src/machine/process.ts';
import { scratch } from '../../support/scratch.ts';

const LOCK = fileURLToPath(new URL('../../../src/locking/take-lock.ts', import.meta.url));

/** The directory of the locks in that cache directory. */
function locksIn(cache: string): string {
  const directory = join(cache, 'kind-harness', 'locks');
  mkdirSync(directory, { recursive: true });
  return directory;
}

const take = (cache: string, command = 'mine', more: Partial<TakeOptions> = {}) =>
  takeLock({ name: 'c', what: 'cluster c' }, command, { env: { XDG_CACHE_HOME: cache }, ...more });

/** Takes the lock without a wait for anybody, and gives it back. */
async function takeAtOnce(cache: string): Promise<void> {
  await (await take(cache, 'mine', { onWait: () => expect.unreachable() })).release();
}

/** Another process that takes the lock, prints a line, and runs `work`. */
function other(cache: string, work: string, isolated = false) {
  const program = `import { takeLock } from ${JSON.stringify(LOCK)};
    const options = { env: { XDG_CACHE_HOME: ${JSON.stringify(cache)} } };
    const { release } = await takeLock({ name: 'c', what: 'cluster c' }, 'another command', options);
    ${work}`;
  const argv = [process.execPath, '--input-type=module', '--disable-warning=ExperimentalWarning', '-e', program];
  const inNamespace = [
    'unshare',
    '--user',
    '--map-root-user',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
    ...argv,
  ];
  const [file = '', ...args] = isolated ? inNamespace : argv;
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const line = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, line, ended };
}

const HOLD = `console.log('held'); process.stdin.resume(); process.stdin.once('end', release);`;

describe('the lock', () => {
  it('exists as a complete file while it is held', async () => {
    const cache = scratch();
    const { token, release } = await take(cache, 'harness up');
    const directory = locksIn(cache);
    expect(readdirSync(directory)).toEqual(['c.lock']);
    expect(JSON.parse(readFileSync(join(directory, 'c.lock'), 'utf8'))).toMatchObject({
      token,
      owner: { pid: process.pid },
      command: 'harness up',
    });
    await release();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('makes a second operation of the same process wait', async () => {
    const cache = scratch();
    const first = await take(cache, 'one');
    const order: string[] = [];
    const onWait = (holder: string) => {
      expect(holder).toMatch(new RegExp(`^one \\(process ${process.pid}\\) of \\S+ on \\S+, since \\S+Z$`));
      order.push('first released');
      void first.release();
    };
    const second = await take(cache, 'two', { onWait });
    order.push('second taken');
    await second.release();
    expect(order).toEqual(['first released', 'second taken']);
  });

  it('makes a second process wait, which reports the holder once', async () => {
    const cache = scratch();
    const holder = other(cache, HOLD);
    await holder.line;
    const reports: string[] = [];
    const onWait = (report: string) => {
      reports.push(report);
      holder.child.stdin.end();
    };
    await (await take(cache, 'mine', { onWait })).release();
    expect(reports).toEqual([expect.stringContaining(`another command (process ${holder.child.pid}) of `)]);
  });

  it('does not block another cluster', async () => {
    const cache = scratch();
    const holder = other(cache, HOLD);
    await holder.line;
    const options = { env: { XDG_CACHE_HOME: cache }, onWait: () => expect.unreachable() };
    await (await takeLock({ name: 'd', what: 'cluster d' }, 'mine', options)).release();
  });

  it('is taken over if its holder was killed', async () => {
    const cache = scratch();
    const holder = other(cache, HOLD);
    await holder.line;
    holder.child.kill('SIGKILL');
    await holder.ended;
    expect(readdirSync(locksIn(cache))).toEqual(['c.lock']);
    await takeAtOnce(cache);
  });

  it.each([
    ['whose pid belongs to another process now', JSON.stringify({ pid: 1, started: 'long ago', command: 'x' })],
    ['that has ended', JSON.stringify({ pid: 2 ** 30, started: '1', command: 'x' })],
    ['in this process, from before', JSON.stringify(newHolder('x'))],
    ['whose file is damaged', '{"pid":'],
    ['whose file is empty', ''],
  ])('is taken over from a holder %s', async (_, text) => {
    const cache = scratch();
    writeFileSync(join(locksIn(cache), 'c.lock'), text);
    await takeAtOnce(cache);
    expect(readdirSync(locksIn(cache))).toEqual([]);
  });

  it('is held by a running process even without a start time, as in files of older versions', async () => {
    const cache = scratch();
    writeFileSync(join(locksIn(cache), 'c.lock'), JSON.stringify({ pid: process.ppid, command: 'harness up' }));
    await expect(take(cache, 'mine', { timeout: 0 })).rejects.toMatchObject({
      code: 'LOCKED',
      message: `Another run uses cluster c: harness up (process ${process.ppid}).`,
    });
  });

  it('takes the place of an empty directory, of a full one, and of a link to nothing', async () => {
    const cache = scratch();
    const path = join(locksIn(cache), 'c.lock');
    mkdirSync(path);
    await takeAtOnce(cache);
    symlinkSync('nowhere', path);
    await takeAtOnce(cache);
    mkdirSync(path);
    writeFileSync(join(path, 'file'), 'not ours');
    await takeAtOnce(cache);
    const [aside = ''] = readdirSync(locksIn(cache));
    expect(readFileSync(join(locksIn(cache), aside, 'file'), 'utf8')).toBe('not ours');
  });

  it('is taken over although a process was killed while it did so', async () => {
    const cache = scratch();
    writeFileSync(join(locksIn(cache), 'c.lock'), 'damaged');
    writeFileSync(join(locksIn(cache), 'c.lock.takeover'), JSON.stringify({ pid: 2 ** 30, command: 'x' }));
    await (await take(cache)).release();
    expect(readdirSync(locksIn(cache))).toEqual([]);
  });

  it('has one holder at a time, however many processes want it', async () => {
    const cache = scratch();
    const log = join(cache, 'log');
    const work = `
      const { appendFileSync } = await import('node:fs');
      appendFileSync(${JSON.stringify(log)}, 'in\\n');
      await new Promise((resolve) => setImmediate(resolve));
      appendFileSync(${JSON.stringify(log)}, 'out\\n');
      await release();`;
    await Promise.all(Array.from({ length: 4 }, () => other(cache, work).ended));
    expect(readFileSync(log, 'utf8')).toBe('in\nout\n'.repeat(4));
    expect(readdirSync(locksIn(cache))).toEqual([]);
  });
});

describe('a wait for the lock', () => {
  it('stops when the run is interrupted', async () => {
    const cache = scratch();
    const { release } = await take(cache);
    const controller = new AbortController();
    const waiting = take(cache, 'mine', { signal: controller.signal, onWait: () => controller.abort() });
    await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await release();
  });

  it('ends with the name of the holder when its time is over', async () => {
    const cache = scratch();
    const { release } = await take(cache, 'harness dev');
    await expect(take(cache, 'mine', { timeout: 30 })).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringMatching(
        /^Another run uses cluster c still after 30 ms: harness dev \(process \d+\) of .* on .*, since .*Z\.$/,
      ),
    });
    await release();
  });

  it('does not begin in a command that the holder started, directly or not', async () => {
    const cache = scratch();
    const { token, release } = await take(cache, 'harness test-cached');
    const env = { XDG_CACHE_HOME: cache, [LOCKS_VARIABLE]: `another ${token}` };
    await expect(take(cache, 'harness load', { env })).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining('would wait for its own parent: harness test-cached'),
    });
    await release();
    await (await take(cache, 'harness load', { env })).release(); // it outlived the parent
  });
});

describe('a holder that cannot be seen from here', () => {
  const elsewhere = (host = 'elsewhere') => {
    const holder = newHolder('harness up');
    return { ...holder, owner: { ...holder.owner, host } };
  };

  it('is waited for as long as it shows that it works', () => {
    const path = join(scratch(), 'c.lock');
    writeFileSync(path, JSON.stringify(elsewhere()));
    const attempt = fileLock(path, newHolder('mine'), 0.001);
    for (let beat = 1; beat < 4; beat++) {
      utimesSync(path, beat, beat);
      expect(attempt()).toMatchObject({ holder: { command: 'harness up' } });
    }
  });

  it('has ended when it has not done that for a while', async () => {
    const path = join(scratch(), 'c.lock');
    writeFileSync(path, JSON.stringify(elsewhere()));
    const attempt = fileLock(path, newHolder('mine'), 1);
    expect(attempt()).toHaveProperty('holder');
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(attempt()).toHaveProperty('release');
  });

  it('is waited for from another PID namespace', async () => {
    const cache = scratch();
    const holder = other(cache, HOLD, true);
    await holder.line;
    await expect(take(cache, 'mine', { timeout: 300 })).rejects.toMatchObject({ code: 'LOCKED' });
    holder.child.stdin.end();
    await (await take(cache)).release();
  });

  it('is waited for although its file is unreadable', async () => {
    const cache = scratch();
    const path = join(locksIn(cache), 'c.lock');
    writeFileSync(path, '', { mode: 0 });
    for (let directory = locksIn(cache); directory.startsWith(cache); directory = dirname(directory))
      chmodSync(directory, 0o777);
    // Root can read everything, so this is done as another user.
    const program = `import { takeLock } from ${JSON.stringify(LOCK)};
      if (process.getuid() === 0) process.seteuid(65534);
      const options = { env: { XDG_CACHE_HOME: ${JSON.stringify(cache)} }, timeout: 0 };
      await takeLock({ name: 'c', what: 'cluster c' }, 'mine', options).catch(({ code, message }) => console.log(code, message));`;
    const argv = ['--input-type=module', '--disable-warning=ExperimentalWarning', '-e', program];
    const { stdout } = await run([process.execPath, ...argv]);
    expect(stdout).toBe(`LOCKED Another run uses cluster c: a run that cannot be named; it holds ${path}.`);
  });
});
