import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ForwardedData, type Channel } from '../../../src/kubernetes/forward-data.ts';
import { forward, openInTime } from '../../../src/kubernetes/forward.ts';
import type { KubeAccess } from '../../../src/kubernetes/api.ts';
import * as watch from '../../../src/kubernetes/watch.ts';

vi.mock('../../../src/kubernetes/watch.ts', { spy: true });

/** A client's socket and the end of it that is forwarded. */
async function sockets(): Promise<{ client: Socket; forwarded: Socket }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [forwarded] = (await once(server, 'connection')) as [Socket];
  server.close();
  onTestFinished(() => [client, forwarded].forEach((socket) => socket.destroy()));
  return { client, forwarded };
}

/** A channel that notes what is done with it. */
function fakeChannel() {
  const sent: { data: Buffer; done: () => void }[] = [];
  const channel = {
    onclose: null,
    onerror: null,
    send: (data: Buffer, done: () => void) => void sent.push({ data, done }),
    pause: vi.fn(),
    resume: vi.fn(),
    close: vi.fn(),
  } satisfies Channel;
  return { channel, sent };
}

const PORT = Buffer.of(0x1f, 0x90);
const text = (data: Buffer) => data.subarray(1).toString();

describe('forwarded data', () => {
  it('arrive on both sides, without the number of the port', async () => {
    const { client, forwarded } = await sockets();
    const { channel, sent } = fakeChannel();
    const data = new ForwardedData(forwarded);
    data.receive(0, PORT);
    data.open(channel);
    data.receive(0, Buffer.from('to the client'));
    expect(String((await once(client, 'data'))[0])).toBe('to the client');
    client.write('to the pod');
    await vi.waitFor(() => expect(sent.map((each) => text(each.data))).toEqual(['to the pod']));
    expect(sent[0]?.data[0]).toBe(0);
  });

  it('are kept until there is a channel', async () => {
    const { client, forwarded } = await sockets();
    const data = new ForwardedData(forwarded);
    client.write('early');
    await once(forwarded, 'readable').catch(() => undefined);
    const { channel, sent } = fakeChannel();
    data.open(channel);
    await vi.waitFor(() => expect(sent.map((each) => text(each.data))).toEqual(['early']));
  });

  it('are read from the client only as fast as the channel sends them', async () => {
    const { client, forwarded } = await sockets();
    const { channel, sent } = fakeChannel();
    new ForwardedData(forwarded).open(channel);
    client.write(Buffer.alloc(10_000_000));
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    expect(forwarded.isPaused()).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
    expect(sent).toHaveLength(1);
    sent[0]?.done();
    await vi.waitFor(() => expect(sent).toHaveLength(2));
  });

  it('are taken from the channel only as fast as the client reads them', async () => {
    const { client, forwarded } = await sockets();
    client.pause();
    const { channel } = fakeChannel();
    const data = new ForwardedData(forwarded);
    data.receive(0, PORT);
    data.open(channel);
    for (let n = 0; n < 200 && channel.pause.mock.calls.length === 0; n++) data.receive(0, Buffer.alloc(1_000_000));
    expect(channel.pause).toHaveBeenCalled();
    expect(channel.resume).not.toHaveBeenCalled();
    client.resume();
    await vi.waitFor(() => expect(channel.resume).toHaveBeenCalled(), 10_000);
  });

  it('end with either side', async () => {
    const { client, forwarded } = await sockets();
    const { channel } = fakeChannel();
    new ForwardedData(forwarded).open(channel);
    client.destroy();
    await vi.waitFor(() => expect(channel.close).toHaveBeenCalled());
  });

  it('end with an error of the channel', async () => {
    const { client, forwarded } = await sockets();
    const data = new ForwardedData(forwarded);
    const { channel } = fakeChannel();
    data.open(channel);
    const closed = once(client, 'close');
    data.receive(1, Buffer.concat([PORT]));
    expect(forwarded.destroyed).toBe(false);
    data.receive(1, Buffer.from('no process listens'));
    client.resume();
    await closed;
  });
});

describe('a channel', () => {
  it('that is not opened in time is closed when it is', async () => {
    const { channel } = fakeChannel();
    const opening = Promise.withResolvers<Channel>();
    expect(await openInTime(opening.promise, 1)).toBeUndefined();
    opening.resolve(channel);
    await vi.waitFor(() => expect(channel.close).toHaveBeenCalled());
  });

  it('that is refused is none', async () => {
    expect(await openInTime(Promise.reject(new Error('refused')))).toBeUndefined();
  });

  it('that is opened in time is used', async () => {
    const { channel } = fakeChannel();
    expect(await openInTime(Promise.resolve(channel))).toBe(channel);
  });
});

it('connections that ended leave nothing behind on the signal that ends the forwarding', async () => {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const add = vi.spyOn(controller.signal, 'addEventListener');
  const remove = vi.spyOn(controller.signal, 'removeEventListener');
  vi.spyOn(watch, 'watchUntil').mockRejectedValue(new Error('each connection fails'));
  const target = { kube: {} as KubeAccess, namespace: 'n', name: 's', port: undefined };
  const port = await forward(target, controller.signal);
  const before = add.mock.calls.length;
  for (let n = 0; n < 3; n++) {
    const client = connect(port, '127.0.0.1').resume();
    client.on('error', () => undefined);
    await once(client, 'close');
  }
  const added = add.mock.calls.slice(before).filter(([, listener]) => typeof listener === 'function');
  await vi.waitFor(() => {
    const removed = new Set(remove.mock.calls.map(([, listener]) => listener));
    expect(added.filter(([, listener]) => listener instanceof Function && !removed.has(listener))).toEqual([]);
  });
  expect(added.length).toBeGreaterThanOrEqual(3);
});
