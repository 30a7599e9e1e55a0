import { describe, expect, it } from 'vitest';
import type { DockerEngine } from '../../../src/docker/engine.ts';
import { pushImage } from '../../../src/docker/push.ts';
import type { SocketAnswer } from '../../../src/docker/socket.ts';

/** An engine that answers a push like this; the name that it had for that cannot be taken away. */
function engine(push: (signal: AbortSignal | undefined) => Promise<SocketAnswer>): DockerEngine {
  const ask: DockerEngine['ask'] = (method, path, _send, more) => {
    if (method === 'DELETE') return Promise.reject(new Error('the engine is gone'));
    return path.includes('/push')
      ? push(more?.signal)
      : Promise.resolve({ status: 201, headers: {}, body: Buffer.alloc(0) });
  };
  return { ask } as DockerEngine;
}

const untilBrokenOff = (signal: AbortSignal | undefined) =>
  new Promise<never>((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('broken off'))));

describe('a push', () => {
  it('keeps its own error when the name cannot be taken away after it', async () => {
    const refused = engine(() =>
      Promise.resolve({ status: 200, headers: {}, body: Buffer.from('{"error":"denied"}') }),
    );
    await expect(pushImage(refused, 'sha256:1', 'r/k', '1')).rejects.toMatchObject({
      code: 'LOAD',
      message: 'Docker could not push sha256:1: denied',
    });
  });

  it('of which nothing moves is given up', async () => {
    await expect(pushImage(engine(untilBrokenOff), 'sha256:1', 'r/k', '1', undefined, 1)).rejects.toMatchObject({
      code: 'LOAD',
      message: 'Docker has pushed nothing of sha256:1 for 1 ms.',
    });
  });

  it('that is interrupted is no push that stalls', async () => {
    const interruption = new AbortController();
    const interrupted = engine((signal) => {
      const answer = untilBrokenOff(signal);
      interruption.abort();
      return answer;
    });
    await expect(pushImage(interrupted, 'sha256:1', 'r/k', '1', interruption.signal)).rejects.toThrow('broken off');
  });
});
