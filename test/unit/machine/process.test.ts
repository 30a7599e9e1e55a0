import { describe, expect, it } from 'vitest';
import { printable, run, tail, tryRun } from '../../../src/machine/process.ts';

const node = (program: string) => [process.execPath, '-e', program] as const;

describe('a program', () => {
  it('gets its input and environment, and its output is reported line by line', async () => {
    const lines: string[] = [];
    const program = `process.stdin.on('data', (d) => process.stdout.write(d)); process.stdin.on('end', () => console.error(process.env.WORD))`;
    const result = await run(node(program), {
      input: 'one\ntwo\n',
      env: { WORD: 'three' },
      onLine: (line) => lines.push(line),
    });
    expect(result).toMatchObject({ exitCode: 0, stdout: 'one\ntwo' });
    expect(lines).toEqual(['one', 'two', 'three']);
  });

  it('that fails gives an exit code, or an error with its last lines', async () => {
    const failing = node('for (let i = 0; i < 30; i++) console.log(i); process.exitCode = 7');
    expect((await tryRun(failing)).exitCode).toBe(7);
    await expect(run(failing, { code: 'BUILD', next: 'then' })).rejects.toMatchObject({
      code: 'BUILD',
      message: expect.stringContaining('exit code 7'),
      detail: Array.from({ length: 20 }, (_, i) => i + 10).join('\n'),
      next: 'then',
    });
  });

  it('that is missing, times out, prints nothing, is interrupted or is killed is an error', async () => {
    await expect(tryRun(['/no/such/program'])).rejects.toMatchObject({ code: 'TOOL_MISSING' });
    const endless = node('setInterval(() => undefined, 1000)');
    await expect(tryRun(endless, { timeout: 50 })).rejects.toMatchObject({
      code: 'TESTS',
      message: expect.stringContaining('did not finish within 50 ms'),
    });
    await expect(tryRun(endless, { silence: 50, code: 'NODE_IMAGE', next: 'then' })).rejects.toMatchObject({
      code: 'NODE_IMAGE',
      message: expect.stringContaining('it printed nothing for 50 ms'),
      next: 'then',
    });
    await expect(tryRun(endless, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await expect(tryRun(node('process.kill(process.pid, "SIGKILL")'))).rejects.toMatchObject({
      message: expect.stringContaining('was killed by SIGKILL'),
    });
  });
});

describe('the output of a program', () => {
  it('is kept only as far as its last lines, and without a part that nobody wants', async () => {
    const printing = node('for (let i = 0; i < 5000; i++) console.log(i); console.error("end")');
    let count = 0;
    const { stdout, all } = await tryRun(printing, { keepStdout: false, onLine: () => count++ });
    expect({ stdout, count }).toEqual({ stdout: '', count: 5001 });
    expect(all.split('\n')).toHaveLength(2000);
    expect(all.split('\n')).toEqual(expect.arrayContaining(['4998', '4999']));
    expect((await tryRun(printing)).stdout.split('\n')).toHaveLength(5000);
  });

  it('may be one endless line, which is reported in parts', async () => {
    const lines: string[] = [];
    await tryRun(node('process.stdout.write("é".repeat(300_000))'), { onLine: (line) => lines.push(line) });
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.join('')).toBe('é'.repeat(300_000));
  });

  it('does not hold up an interruption when a program of the program still has it open', async () => {
    const controller = new AbortController();
    const program = node(
      `require('node:child_process').spawn('sleep', ['20'], { stdio: 'inherit' }); console.log('started'); setInterval(() => undefined, 1000)`,
    );
    const running = tryRun(program, { signal: controller.signal, onLine: () => controller.abort() });
    await expect(running).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

it('replaces the whole environment, and removes variables', async () => {
  const program = node('console.log(JSON.stringify([process.env.A, process.env.B, process.env.HOME]))');
  const { stdout } = await run(program, { baseEnv: { A: '1', B: '2' }, env: { B: undefined } });
  expect(JSON.parse(stdout)).toEqual(['1', null, null]);
});

it('leaves a program alone that must not be disturbed', async () => {
  const controller = new AbortController();
  const program = node('console.log("begun"); setTimeout(() => console.log("done"), 300)');
  const { stdout } = await run(program, {
    undisturbed: true,
    signal: controller.signal,
    onLine: () => controller.abort(),
  });
  expect(stdout).toBe('begun\ndone');
});

it('prints a command in a form that can be pasted', () => {
  expect(printable(['a', '--b=c', 'with blank', "it's", ''])).toBe(`a --b=c 'with blank' 'it'\\''s' ''`);
});

it('keeps the last lines', () => {
  expect(tail('a\nb\nc\n\n', 2)).toBe('b\nc');
});
