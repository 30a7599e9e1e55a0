import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { takeLock } from '../../../src/machine/lock.ts';
import { scratch } from '../../support/scratch.ts';

const LOCK = fileURLToPath(new URL('../../../src/machine/lock.ts', import.meta.url));

/** The directory of the locks in that cache directory. */
function locksIn(cache: string): string {
  const directory = join(cache, 'kind-harness', 'locks');
  mkdirSync(directory, { recursive: true });
  return directory;
}

/** Another process that takes the lock, prints a line, and runs `work`. */
function other(cache: string, work: string) {
  const program = `import { takeLock } from ${JSON.stringify(LOCK)};
    const release = await takeLock('c', 'another command', { env: { XDG_CACHE_HOME: ${JSON.stringify(cache)} } });
    ${work}`;
  const child = spawn(
    process.execPath,
    ['--input-type=module', '--disable-warning=ExperimentalWarning', '-e', program],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const line = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return { child, line, ended };
}

describe('the lock', () => {
  it('exists as a complete file while it is held', async () => {
    const env = { XDG_CACHE_HOME: scratch() };
    const release = await takeLock('c', 'harness up', { env });
    const directory = locksIn(env.XDG_CACHE_HOME);
    expect(readdirSync(directory)).toEqual(['c.lock']);
    expect(JSON.parse(readFileSync(join(directory, 'c.lock'), 'utf8'))).toMatchObject({
      pid: process.pid,
      command: 'harness up',
    });
    release();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('can be taken again by its own process, and only the first release removes it', async () => {
    const env = { XDG_CACHE_HOME: scratch() };
    const outer = await takeLock('c', 'one', { env });
    const inner = await takeLock('c', 'two', { env });
    inner();
    expect(existsSync(join(locksIn(env.XDG_CACHE_HOME), 'c.lock'))).toBe(true);
    outer();
    expect(existsSync(join(locksIn(env.XDG_CACHE_HOME), 'c.lock'))).toBe(false);
  });

  it('makes a second process wait, which reports the holder once', async () => {
    const cache = scratch();
    const holder = other(
      cache,
      `console.log('held'); process.stdin.once('data', () => { release(); process.exit(); });`,
    );
    await holder.line;
    const reports: string[] = [];
    const waiting = takeLock('c', 'mine', {
      env: { XDG_CACHE_HOME: cache },
      onWait: (report) => {
        reports.push(report);
        holder.child.stdin.write('go\n');
      },
    });
    (await waiting)();
    expect(reports).toEqual([`another command (process ${holder.child.pid})`]);
    await holder.ended;
  });

  it('does not block another cluster', async () => {
    const cache = scratch();
    const holder = other(cache, `console.log('held'); process.stdin.resume(); process.stdin.once('end', release);`);
    await holder.line;
    const release = await takeLock('another', 'mine', { env: { XDG_CACHE_HOME: cache } });
    release();
    holder.child.stdin.end();
    await holder.ended;
  });

  it('is taken over if its holder was killed', async () => {
    const cache = scratch();
    const holder = other(cache, `console.log('held'); setInterval(() => undefined, 1000);`);
    await holder.line;
    holder.child.kill('SIGKILL');
    await holder.ended;
    expect(existsSync(join(locksIn(cache), 'c.lock'))).toBe(true);
    const release = await takeLock('c', 'mine', { env: { XDG_CACHE_HOME: cache }, onWait: () => expect.unreachable() });
    release();
  });

  it.each([
    ['whose pid belongs to another process now', JSON.stringify({ pid: 1, started: 'long ago', command: 'x' })],
    ['that has ended', JSON.stringify({ pid: 2 ** 30, started: '1', command: 'x' })],
    ['whose file is damaged', '{"pid":'],
  ])('is taken over from a holder %s', async (_, text) => {
    const cache = scratch();
    writeFileSync(join(locksIn(cache), 'c.lock'), text);
    const release = await takeLock('c', 'mine', { env: { XDG_CACHE_HOME: cache }, onWait: () => expect.unreachable() });
    release();
    expect(readdirSync(locksIn(cache))).toEqual([]);
  });

  it('is held by a running process even without a start time, as in files of older versions', async () => {
    const cache = scratch();
    writeFileSync(join(locksIn(cache), 'c.lock'), JSON.stringify({ pid: process.ppid, command: 'harness up' }));
    const controller = new AbortController();
    const reports: string[] = [];
    const onWait = (report: string) => {
      reports.push(report);
      controller.abort();
    };
    const waiting = takeLock('c', 'mine', { env: { XDG_CACHE_HOME: cache }, signal: controller.signal, onWait });
    await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(reports).toEqual([`harness up (process ${process.ppid})`]);
  });

  it('stops waiting when the run is interrupted', async () => {
    const cache = scratch();
    const holder = other(cache, `console.log('held'); process.stdin.resume(); process.stdin.once('end', release);`);
    await holder.line;
    const controller = new AbortController();
    const waiting = takeLock('c', 'mine', {
      env: { XDG_CACHE_HOME: cache },
      signal: controller.signal,
      onWait: () => controller.abort(),
    });
    await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' });
    holder.child.stdin.end();
    await holder.ended;
  });

  it('has one holder at a time, however many processes want it', async () => {
    const cache = scratch();
    const log = join(cache, 'log');
    const work = `
      const { appendFileSync } = await import('node:fs');
      appendFileSync(${JSON.stringify(log)}, 'in\\n');
      await new Promise((resolve) => setImmediate(resolve));
      appendFileSync(${JSON.stringify(log)}, 'out\\n');
      release();`;
    await Promise.all(Array.from({ length: 4 }, () => other(cache, work).ended));
    expect(readFileSync(log, 'utf8')).toBe('in\nout\n'.repeat(4));
    expect(readdirSync(locksIn(cache))).toEqual([]);
  });
});
