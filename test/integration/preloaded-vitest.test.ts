import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PreloadedVitest } from '../../src/testing/preloaded-vitest.ts';
import { plant, scratchWithVitest } from '../support/scratch.ts';

let root: string;
beforeEach(() => {
  root = scratchWithVitest('preloaded-vitest');
  plant(root, {
    'package.json': '{}',
    'vitest.config.ts': `export default { test: { name: process.env.RECEIVED, include: ['*.spec.ts'] } };\n`,
    'one.spec.ts': `import { expect, test } from 'vitest';\ntest('one', () => expect(process.env.RECEIVED).toBe('later'));\n`,
    'two.spec.ts': `import { test } from 'vitest';\ntest('two', () => undefined);\n`,
  });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('a preloaded vitest', () => {
  it('runs with the arguments and variables that it receives later', async () => {
    const vitest = new PreloadedVitest(root, false);
    void vitest.load();
    const lines: string[] = [];
    const order = { args: ['run', '--reporter=verbose', 'one'], env: { RECEIVED: 'later' } };
    const { exitCode, all } = await vitest.run(order, (line) => lines.push(line));
    expect(exitCode).toBe(0);
    expect(lines.join('\n')).toBe(all);
    expect(all).toMatch(/✓ +\|?later\|? +one\.spec\.ts > one/);
    expect(all).not.toContain('two.spec.ts');
    await vitest.end();
  });

  it('ends without output if there is nothing to run, or the harness is gone', async () => {
    const vitest = new PreloadedVitest(root, false);
    const loaded = vitest.load();
    await vitest.end();
    expect(await loaded).toMatchObject({ exitCode: 0, all: '' });
  });

  it('is ended by an interruption while it waits for its order', async () => {
    const interruption = new AbortController();
    const vitest = new PreloadedVitest(root, false, interruption.signal);
    const loaded = vitest.load();
    interruption.abort();
    await expect(loaded).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await vitest.end();
  });

  it('that is not installed is an error', () => {
    expect(() => new PreloadedVitest('/', false).load()).toThrow(
      expect.objectContaining({ code: 'TESTS', message: 'vitest is not installed in /.' }),
    );
  });
});
