import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { endChildren } from '../../../src/locking/end-children.ts';
import { readChildren, recordChildren } from '../../../src/machine/children.ts';
import { run } from '../../../src/machine/process.ts';
import { isAlive, startOf, thisProcess } from '../../../src/machine/running-process.ts';
import { scratch } from '../../support/scratch.ts';

const SOURCES = fileURLToPath(new URL('../../../src/machine/', import.meta.url));

/** A process that was killed while it ran a program. @returns the record, and the program's process */
async function killedWith(script: string): Promise<{ record: string; pid: number; started: string }> {
  const record = join(scratch(), 'children');
  const program = `
    import { recordChildren } from '${SOURCES}children.ts';
    import { run } from '${SOURCES}process.ts';
    recordChildren(${JSON.stringify(record)});
    await run(['sh', '-c', ${JSON.stringify(script)}], { onLine: console.log });`;
  const argv = ['--input-type=module', '--disable-warning=ExperimentalWarning', '-e', program];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  const pid = await new Promise<number>((resolve) => child.stdout.once('data', (text) => resolve(Number(text))));
  onTestFinished(() => {
    if (isAlive({ pid, started })) process.kill(pid, 'SIGKILL');
  });
  const started = startOf(pid);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  return { record, pid, started };
}

describe('a program that outlived its harness', () => {
  it.each([
    ['is ended', 'echo $$; exec sleep 1000'],
    ['is ended with what it started', 'sleep 1000 & echo $!; wait'],
    ['is ended although it ignores the signal', 'trap "" TERM; echo $$; while :; do sleep 0.1; done'],
  ])('%s', async (_, script) => {
    const { record, ...left } = await killedWith(script);
    expect(isAlive(left)).toBe(true);
    const found: string[][] = [];
    await endChildren(record, { onFound: (names) => found.push(names), grace: 300 });
    expect(isAlive(left)).toBe(false);
    expect(found).toHaveLength(1);
    expect(existsSync(record)).toBe(false);
  });

  it('is left alone if its id belongs to another process now', async () => {
    const { record, pid, started } = await killedWith('echo $$; exec sleep 1000');
    writeFileSync(record, readFileSync(record, 'utf8').replace(` ${started}`, ` ${Number(started) + 1}`));
    await endChildren(record, { onFound: () => expect.unreachable() });
    expect(isAlive({ pid, started })).toBe(true);
  });

  it('is left alone while its harness runs', async () => {
    const record = join(scratch(), 'children');
    writeFileSync(record, `${JSON.stringify(thisProcess())}\n${process.ppid} ${startOf(process.ppid)}\n`);
    await endChildren(record, { onFound: () => expect.unreachable() });
    expect(isAlive({ pid: process.ppid })).toBe(true);
  });

  it.each(['', 'damaged', '{}\n1 1\n', '\n\n'])('is not looked for in the record %j', async (text) => {
    const record = join(scratch(), 'children');
    writeFileSync(record, text);
    await endChildren(record, { onFound: () => expect.unreachable() });
    expect(existsSync(record)).toBe(false);
  });
});

describe('the record of programs', () => {
  it('has those that run, while it is kept', async () => {
    const record = join(scratch(), 'children');
    const end = recordChildren(record);
    expect(existsSync(record)).toBe(false);
    const seen: unknown[] = [];
    await run(['true'], { onStart: (pid) => seen.push({ pid, ...readChildren(readFileSync(record, 'utf8')) }) });
    expect(seen).toMatchObject([{ owner: JSON.stringify(thisProcess()), children: [{ pid: expect.any(Number) }] }]);
    expect(readChildren(readFileSync(record, 'utf8')).children).toEqual([]);
    end();
    expect(existsSync(record)).toBe(false);
    await run(['true']);
    expect(existsSync(record)).toBe(false);
  });

  it('is read up to its last complete line', () => {
    expect(readChildren('owner\n1 10\n2 20\n1\n3 3').children).toEqual([{ pid: 2, started: '20' }]);
  });
});
