import { afterEach, describe, expect, it, vi } from 'vitest';
import * as awaiting from '../../../src/cluster/await-tests.ts';
import { useOrRecreate } from '../../../src/cluster/bring-up.ts';
import type { ClusterNode } from '../../../src/cluster/cluster.ts';
import type { ClusterPlan } from '../../../src/cluster/definition.ts';
import * as lifecycle from '../../../src/cluster/lifecycle.ts';
import { Unusable } from '../../../src/cluster/unusable.ts';
import { HarnessError } from '../../../src/core/error.ts';
import type { Session } from '../../../src/session.ts';

vi.mock(import('../../../src/cluster/await-tests.ts'), { spy: true });
vi.mock(import('../../../src/cluster/lifecycle.ts'), { spy: true });
afterEach(() => vi.resetAllMocks());

const { check, create, remove, restart, start } = vi.mocked(lifecycle);

function use(action: 'use' | 'start' = 'use', signal = new AbortController().signal) {
  for (const each of [check, create, remove, restart, start]) each.mockResolvedValueOnce();
  vi.mocked(awaiting.awaitTests).mockResolvedValue();
  const config = { cluster: { name: 'shop' } };
  const session = { config, emit: () => undefined, signal } as unknown as Session;
  const context = { progress: () => undefined } as unknown as lifecycle.ClusterContext;
  const state = { name: 'shop', nodes: [] as ClusterNode[] };
  return useOrRecreate(session, context, state, { action, reason: 'x' }, {} as ClusterPlan);
}

const failed = (code: string) => Object.assign(new Error(`${code}: no`), { code });
const unusable = (reason = 'it was not usable after 1 s') => new Unusable(reason, new Error('pending'));

describe('a doubt', () => {
  it.each<[string, Error]>([
    ['a file of another user', failed('EACCES')],
    ['a full disk', failed('ENOSPC')],
    ['a read-only disk', failed('EROFS')],
    ['an unanswered question', new HarnessError('DOCKER_DOWN', 'Docker does not answer.')],
    ['a taken port', new HarnessError('CLUSTER', 'Docker could not start node n.')],
    ['a fault of the harness', new TypeError('x is not a function')],
    ['a damaged file', new SyntaxError('Unexpected end of JSON input')],
  ])('of %s leaves the cluster as it is', async (_title, error) => {
    for (const action of ['use', 'start'] as const) {
      check.mockRejectedValueOnce(error);
      start.mockRejectedValueOnce(error);
      await expect(use(action)).rejects.toBe(error);
      expect(remove).not.toHaveBeenCalled();
      vi.resetAllMocks();
    }
    check.mockRejectedValueOnce(unusable());
    restart.mockRejectedValueOnce(error);
    await expect(use()).rejects.toBe(error);
    expect(remove).not.toHaveBeenCalled();
    expect(create).not.toHaveBeenCalled();
  });

  it('during an interruption leaves it, too', async () => {
    const abort = new AbortController();
    abort.abort();
    check.mockRejectedValueOnce(unusable());
    await expect(use('use', abort.signal)).rejects.toThrow('not usable');
    expect(restart).not.toHaveBeenCalled();
    expect(remove).not.toHaveBeenCalled();
  });
});

describe('a cluster that does not become healthy', () => {
  it('is restarted, and kept if that helps', async () => {
    check.mockRejectedValueOnce(unusable());
    expect(await use()).toBeUndefined();
    expect(restart).toHaveBeenCalledOnce();
    expect(remove).not.toHaveBeenCalled();
  });

  it('is recreated if a restart does not help', async () => {
    start.mockRejectedValueOnce(unusable());
    restart.mockRejectedValueOnce(unusable('n stopped again right after the start'));
    expect(await use('start')).toBe('it could not be repaired: n stopped again right after the start');
    expect(remove).toHaveBeenCalledOnce();
    expect(create).toHaveBeenCalledOnce();
  });
});
