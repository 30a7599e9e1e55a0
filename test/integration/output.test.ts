import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { tryRun } from '../../src/machine/process.ts';

const PROCESS = fileURLToPath(new URL('../../src/machine/process.ts', import.meta.url));
const MB = 1_000_000;

/** Runs a program that prints so much, in a process of its own. */
async function pass(megabytes: number): Promise<{ exitCode: number; bytes: number; peak: number }> {
  const printer = `const line = 'x'.repeat(99) + '\\n';
    const block = Buffer.from(line.repeat(10_000));
    (async () => { for (let i = 0; i < ${megabytes}; i++) if (!process.stdout.write(block)) await new Promise((r) => process.stdout.once('drain', r)); })();`;
  const program = `import { tryRun } from ${JSON.stringify(PROCESS)};
    let bytes = 0;
    const argv = [process.execPath, '-e', ${JSON.stringify(printer)}];
    const { exitCode } = await tryRun(argv, { keepStdout: false, onLine: (line) => { bytes += line.length + 1; } });
    console.log(JSON.stringify({ exitCode, bytes, peak: process.resourceUsage().maxRSS * 1024 }));`;
  const options = ['--input-type=module', '--disable-warning=ExperimentalWarning', '-e', program];
  const { stdout } = await tryRun([process.execPath, ...options]);
  return JSON.parse(stdout) as { exitCode: number; bytes: number; peak: number };
}

it('a program may print 120 MB: nothing is cut, and the memory stays small', async () => {
  const { exitCode, bytes, peak } = await pass(120);
  expect({ exitCode, bytes }).toEqual({ exitCode: 0, bytes: 120 * MB });
  expect(peak).toBeLessThan(300 * MB);
});
