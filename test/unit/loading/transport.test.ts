import { describe, expect, it } from 'vitest';
import { HarnessError } from '../../../src/core/error.ts';
import { withFallback, type TransferResult, type Transport } from '../../../src/loading/transport.ts';

const request = {
  reference: 'shop/api:dev',
  name: 'docker.io/shop/api:dev',
  image: {
    id: 'sha256:1',
    tags: [],
    created: new Date(0),
    size: 1,
    labels: {},
    inContainerd: false,
    layers: [],
    repoDigests: [],
    onBuild: [],
    config: {},
    platform: 'linux/amd64',
    env: [],
  },
};
const targets = [{ node: 'a' }, { node: 'b' }];
const result: TransferResult = { bytes: 1, total: 1 };

/** A transport that fails for some nodes. `sent` lists the nodes it was called for. */
function transport(failures: Record<string, Error> = {}): Transport & { sent: string[] } {
  const sent: string[] = [];
  return {
    sent,
    send(_, to) {
      sent.push(...to.map(({ node }) => node));
      return new Map(
        to.map(({ node }) => [
          node,
          failures[node] ? Promise.reject(failures[node]) : Promise.resolve({ ...result, total: sent.length }),
        ]),
      );
    },
  };
}

async function outcomes(transfers: Map<string, Promise<TransferResult>>): Promise<string[]> {
  const settled = await Promise.allSettled(transfers.values());
  return settled.map((end) => (end.status === 'fulfilled' ? 'loaded' : (end.reason as Error).message));
}

describe('a transport with a fallback', () => {
  it('does not use it when all nodes succeed', async () => {
    const second = transport();
    expect(
      await outcomes(withFallback(transport(), second, () => expect.unreachable()).send(request, targets)),
    ).toEqual(['loaded', 'loaded']);
    expect(second.sent).toEqual([]);
  });

  it('uses it only for the nodes that failed, and reports that once', async () => {
    const second = transport();
    const reports: [string[], unknown][] = [];
    const broken = new HarnessError('LOAD', 'the registry is gone');
    const both = withFallback(transport({ b: broken }), second, (nodes, reason) => reports.push([nodes, reason]));
    expect(await outcomes(both.send(request, targets))).toEqual(['loaded', 'loaded']);
    expect(second.sent).toEqual(['b']);
    expect(reports).toEqual([[['b'], broken]]);
  });

  it('uses it once for all nodes when all failed', async () => {
    const second = transport();
    let notes = 0;
    const broken = new Error('connection refused');
    await outcomes(withFallback(transport({ a: broken, b: broken }), second, () => notes++).send(request, targets));
    expect(second.sent).toEqual(['a', 'b']);
    expect(notes).toBe(1);
  });

  it('reports the error of the fallback', async () => {
    const both = withFallback(
      transport({ a: new Error('first') }),
      transport({ a: new Error('second') }),
      () => undefined,
    );
    expect(await outcomes(both.send(request, targets))).toEqual(['second', 'loaded']);
  });

  it('does not use it when the disk is full or after an interruption', async () => {
    const second = transport();
    const full = withFallback(transport({ a: new HarnessError('DISK_FULL', 'full') }), second, () =>
      expect.unreachable(),
    );
    expect(await outcomes(full.send(request, targets))).toEqual(['full', 'loaded']);
    const interrupted = withFallback(
      transport({ a: new Error('interrupted'), b: new Error('interrupted') }),
      second,
      () => expect.unreachable(),
    );
    expect(await outcomes(interrupted.send(request, targets, AbortSignal.abort()))).toEqual([
      'interrupted',
      'interrupted',
    ]);
    expect(second.sent).toEqual([]);
  });
});
