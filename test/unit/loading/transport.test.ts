import { describe, expect, it } from 'vitest';
import { HarnessError } from '../../../src/core/error.ts';
import { withFallback, type Delivery, type Transport } from '../../../src/loading/transport.ts';

const shipment = {
  reference: 'shop/api:dev',
  name: 'docker.io/shop/api:dev',
  image: { id: 'sha256:1', tags: [], created: new Date(0), size: 1, labels: {}, inContainerd: false, layers: [] },
};
const destinations = [{ node: 'a' }, { node: 'b' }];
const delivery: Delivery = { bytes: 1, total: 1 };

/** A transport that fails for some nodes; `sent` is what it was asked for. */
function transport(failures: Record<string, Error> = {}): Transport & { sent: string[] } {
  const sent: string[] = [];
  return {
    sent,
    send(_, to) {
      sent.push(...to.map(({ node }) => node));
      return new Map(
        to.map(({ node }) => [
          node,
          failures[node] ? Promise.reject(failures[node]) : Promise.resolve({ ...delivery, total: sent.length }),
        ]),
      );
    },
  };
}

async function outcome(deliveries: Map<string, Promise<Delivery>>): Promise<string[]> {
  const settled = await Promise.allSettled(deliveries.values());
  return settled.map((result) => (result.status === 'fulfilled' ? 'delivered' : (result.reason as Error).message));
}

describe('a transport with another one behind it', () => {
  it('does not need it while all goes well', async () => {
    const second = transport();
    expect(
      await outcome(withFallback(transport(), second, () => expect.unreachable()).send(shipment, destinations)),
    ).toEqual(['delivered', 'delivered']);
    expect(second.sent).toEqual([]);
  });

  it('hands on only what it could not deliver, and says so once', async () => {
    const second = transport();
    const said: [string[], unknown][] = [];
    const broken = new HarnessError('LOAD', 'the registry is gone');
    const both = withFallback(transport({ b: broken }), second, (nodes, reason) => said.push([nodes, reason]));
    expect(await outcome(both.send(shipment, destinations))).toEqual(['delivered', 'delivered']);
    expect(second.sent).toEqual(['b']);
    expect(said).toEqual([[['b'], broken]]);
  });

  it('sends to all nodes at once what none got', async () => {
    const second = transport();
    let notes = 0;
    const broken = new Error('connection refused');
    await outcome(
      withFallback(transport({ a: broken, b: broken }), second, () => notes++).send(shipment, destinations),
    );
    expect(second.sent).toEqual(['a', 'b']);
    expect(notes).toBe(1);
  });

  it('keeps the failure of the second', async () => {
    const both = withFallback(
      transport({ a: new Error('first') }),
      transport({ a: new Error('second') }),
      () => undefined,
    );
    expect(await outcome(both.send(shipment, destinations))).toEqual(['second', 'delivered']);
  });

  it('does not send again to a full disk, nor after an interruption', async () => {
    const second = transport();
    const full = withFallback(transport({ a: new HarnessError('DISK_FULL', 'full') }), second, () =>
      expect.unreachable(),
    );
    expect(await outcome(full.send(shipment, destinations))).toEqual(['full', 'delivered']);
    const cut = withFallback(transport({ a: new Error('cut'), b: new Error('cut') }), second, () =>
      expect.unreachable(),
    );
    expect(await outcome(cut.send(shipment, destinations, AbortSignal.abort()))).toEqual(['cut', 'cut']);
    expect(second.sent).toEqual([]);
  });
});
