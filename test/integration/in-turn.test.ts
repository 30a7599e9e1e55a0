import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { DockerEngine } from '../../src/docker/engine.ts';
import { makeInTurn } from '../../src/system-images/in-turn.ts';
import { scratch } from '../support/scratch.ts';

it('two runs that need the same image at the same time make it once, and the second says for whom it waits', async () => {
  const engine = DockerEngine.of(process.env);
  const made: string[] = [];
  const said: string[] = [];
  const need = (home: string) =>
    makeInTurn({
      engine,
      env: { ...process.env, XDG_CACHE_HOME: home },
      kind: `test-${process.pid}`,
      look: () => Promise.resolve(made[0]),
      make: async () => {
        await sleep(500);
        made.push(home);
        return home;
      },
      progress: (detail) => said.push(detail),
    });
  const [one, other] = await Promise.all([need(scratch()), need(scratch())]);
  expect(made).toEqual([one]);
  expect(other).toBe(one);
  expect(said).toEqual([expect.stringMatching(/^waiting for .*a build of the image test-/)]);
});
