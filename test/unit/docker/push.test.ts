import { describe, expect, it } from 'vitest';
import type { DockerEngine } from '../../../src/docker/engine.ts';
import { pushImage } from '../../../src/docker/push.ts';
import type { SocketAnswer } from '../../../src/docker/socket.ts';

/** An engine that answers a push like this. The name for the push cannot be removed. */
function engine(push: (signal: AbortSignal | undefined) => Promise<SocketAnswer>): DockerEngine {
  const ask: DockerEngine['ask'] = (method, path, _send, more) => {
    if (method === 'DELETE') return Promise.reject(new Error('the engine has stopped'));
    return path.includes('/push')
      ? push(more?.signal)
      : Promise.resolve({ status: 201, headers: {}, body: Buffer.alloc(0) });
  };
  return { ask } as DockerEngine;
}

const untilAborted = (signal: AbortSignal | undefined) =>
  new Promise<never>((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))));

describe('a push', () => {
  it('reports its own error if the name cannot be removed afterwards', async () => {
    const refused = engine(() =>
      Promise.resolve({ status: 200, headers: {}, body: Buffer.from('{"error":"denied"}') }),
    );
    await expect(pushImage(refused, 'sha256:1', { repository: 'r/k', tag: '1' })).rejects.toMatchObject({
      code: 'LOAD',
      message: 'Docker could not push sha256:1: denied',
    });
  });

  it('is aborted if it makes no progress', async () => {
    await expect(
      pushImage(engine(untilAborted), 'sha256:1', { repository: 'r/k', tag: '1' }, undefined, 1),
    ).rejects.toMatchObject({
      code: 'LOAD',
      message: 'Pushing sha256:1 to the local registry made no progress for 1 ms.',
    });
  });

  it('does not count as stalled if it is interrupted', async () => {
    const interruption = new AbortController();
    const interrupted = engine((signal) => {
      const answer = untilAborted(signal);
      interruption.abort();
      return answer;
    });
    await expect(
      pushImage(interrupted, 'sha256:1', { repository: 'r/k', tag: '1' }, interruption.signal),
    ).rejects.toThrow('aborted');
  });
});
