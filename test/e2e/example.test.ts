import { describe, expect, it } from 'vitest';
import { harness, plainHarness, REPOSITORY } from './support/command.ts';

/**
 * This repository's own example, with the command and with vitest. Its cluster is kept, as in
 * development.
 */
describe('the example', () => {
  it('passes, and builds and loads nothing the second time', async () => {
    const first = await harness(REPOSITORY, ['test-cached']);
    expect(first.exitCode, `${first.stdout}${first.stderr}`).toBe(0);
    expect(first.summary.builds.map(({ image }) => image).sort()).toEqual(['api', 'redis', 'worker']);
    expect(first.summary.tests).toMatchObject({ failed: 0 });
    expect(first.summary.tests?.passed).toBeGreaterThan(0);

    const second = await harness(REPOSITORY, ['test-cached']);
    expect(second.exitCode, `${second.stdout}${second.stderr}`).toBe(0);
    expect(second.summary.builds.map(({ verdict }) => verdict)).toEqual(['fresh', 'fresh', 'fresh']);
    expect(second.summary.loads.map(({ verdict }) => verdict)).toEqual(['present', 'present', 'present']);
    expect(second.summary.tests).toEqual(first.summary.tests);
  });

  it('passes with vitest itself, whose global setup prepares everything', async () => {
    const vitest: [string, ...string[]] = [process.execPath, 'node_modules/vitest/vitest.mjs'];
    const { exitCode, stdout, stderr } = await plainHarness(
      REPOSITORY,
      ['run', '--config', 'vitest.example.config.ts'],
      {
        program: vitest,
      },
    );
    expect(exitCode, `${stdout}${stderr}`).toBe(0);
    expect(stdout).toContain('skipping load');
  });
});
