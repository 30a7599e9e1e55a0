import { afterEach, expect, it, vi } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { Harness } from '../../src/harness.ts';
import * as preparing from '../../src/run/prepare-for-others.ts';
import * as tiers from '../../src/run/tier.ts';
import { openSession, type Session } from '../../src/session.ts';
import { scratch } from '../support/scratch.ts';

vi.mock(import('../../src/run/prepare-for-others.ts'), { spy: true });
vi.mock(import('../../src/run/tier.ts'), { spy: true });
afterEach(() => vi.resetAllMocks());

function openHarness(): Harness {
  const directory = scratch();
  const config = {
    cluster: { name: 'shop' },
    images: [],
    others: [],
    services: [],
    deploy: { steps: [] },
    stateDirectory: directory,
  } as unknown as Config;
  const env = { XDG_CACHE_HOME: directory };
  const { signal } = new AbortController();
  return new Harness(openSession({ config, env, emit: () => undefined, signal }), 'a test');
}

it('reads everything again in each operation, and keeps the results of all', async () => {
  const sessions: Session[] = [];
  const tests = { passed: 1, failed: 0, skipped: 0 };
  vi.mocked(preparing.prepareForOthers).mockImplementation((session) => {
    sessions.push(session);
    session.builds.push({ image: 'api', verdict: 'built', reason: 'test', ms: 1 });
    return Promise.reject(new Error('not deployed'));
  });
  vi.mocked(tiers.runTier).mockImplementation((session) => {
    sessions.push(session);
    session.tests = tests;
    return Promise.resolve(tests);
  });
  const harness = openHarness();
  await expect(harness.prepare('test-fast')).rejects.toThrow('not deployed');
  await expect(harness.prepare('test-fast')).rejects.toThrow('not deployed');
  await harness.test('test-fast');
  expect(new Set(sessions).size).toBe(3); // what a run remembers is kept by session
  expect(harness.results).toMatchObject({ builds: [{ image: 'api' }, { image: 'api' }], loads: [], tests });
});
