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

it('prints a command in a form that can be pasted', () => {
  expect(printable(['a', '--b=c', 'with blank', "it's", ''])).toBe(`a --b=c 'with blank' 'it'\\''s' ''`);
});

it('keeps the last lines', () => {
  expect(tail('a\nb\nc\n\n', 2)).toBe('b\nc');
});
