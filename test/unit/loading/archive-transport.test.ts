import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { DockerEngine } from '../../../src/docker/engine.ts';
import * as containers from '../../../src/docker/exec.ts';
import * as saving from '../../../src/docker/save.ts';
import { archiveTransport, sharesOf } from '../../../src/loading/archive-transport.ts';
import type { Shipment } from '../../../src/loading/transport.ts';

vi.mock(import('../../../src/docker/exec.ts'), { spy: true });
vi.mock(import('../../../src/docker/save.ts'), { spy: true });
afterEach(() => vi.resetAllMocks());

const shipment = (name: string): Shipment =>
  ({ reference: `shop/${name}:dev`, name: `docker.io/shop/${name}:dev`, image: { id: `sha256:${name}` } }) as Shipment;
const transport = () => archiveTransport({} as DockerEngine);

/** Nodes take what comes. */
function takeAll(): void {
  vi.mocked(containers.tryExec).mockImplementation(async (_engine, _node, _argv, options) => {
    await text(options?.stdin as Readable);
    return { exitCode: 0, stdout: '', stderr: '' };
  });
}

describe('an archive for several nodes', () => {
  it('reaches the others when one cannot even begin to read', async () => {
    // more than all the streams on the way hold
    const chunks = Array.from({ length: 100 }, () => Buffer.alloc(65_536, 'x'));
    const archive = Buffer.concat(chunks).toString();
    vi.mocked(saving.saveImages).mockResolvedValue(Readable.from(chunks));
    const got: string[] = [];
    vi.mocked(containers.tryExec).mockImplementation(async (_engine, node, _argv, options) => {
      if (node === 'gone') throw new Error('the container is not running');
      got.push(await text(options?.stdin as Readable));
      return { exitCode: 0, stdout: '', stderr: '' };
    });
    const destinations = ['one', 'gone', 'other'].map((node) => ({ node }));
    const deliveries = transport().send(shipment('api'), destinations, undefined);
    await expect(deliveries.get('gone')).rejects.toThrow('not running');
    expect(await deliveries.get('one')).toMatchObject({ bytes: archive.length });
    expect(await deliveries.get('other')).toMatchObject({ bytes: archive.length });
    expect(got).toEqual([archive, archive]);
  });
});

describe('several images for one node', () => {
  const send = (names: string[], signal?: AbortSignal) => {
    const way = transport();
    return names.map((name) => way.send(shipment(name), [{ node: 'one' }], signal).get('one')!);
  };
  const saved = () => vi.mocked(saving.saveImages).mock.calls.map(([, references]) => references);

  it('go together in the next archive, and what they count is what travelled', async () => {
    takeAll();
    vi.mocked(saving.saveImages).mockImplementation((_engine, references) =>
      Promise.resolve(Readable.from(references.map((reference) => Buffer.from(reference)))),
    );
    const deliveries = await Promise.all(send(['a', 'b', 'c']));
    expect(saved()).toEqual([['shop/a:dev'], ['shop/b:dev', 'shop/c:dev']]);
    expect(deliveries.map(({ bytes }) => bytes)).toEqual([10, 20, 0]);
  });

  it('go alone when Docker refuses them together, and only the one at fault fails', async () => {
    takeAll();
    vi.mocked(saving.saveImages).mockImplementation((_engine, references) =>
      references.includes('shop/gone:dev')
        ? Promise.reject(new Error('reference does not exist'))
        : Promise.resolve(Readable.from(references.map((reference) => Buffer.from(reference)))),
    );
    const [a, b, gone, c] = send(['a', 'b', 'gone', 'c']);
    await expect(gone).rejects.toThrow('reference does not exist');
    expect(await Promise.all([a, b, c])).toMatchObject([{ bytes: 10 }, { bytes: 10 }, { bytes: 10 }]);
  });

  it('are not sent any more after an interruption', async () => {
    const interruption = new AbortController();
    vi.mocked(saving.saveImages).mockImplementation(() => {
      interruption.abort();
      return Promise.reject(new Error('broken off'));
    });
    const ends = await Promise.allSettled(send(['a', 'b', 'c'], interruption.signal));
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    // the second refusal is not tried one by one
    expect(saved()).toEqual([['shop/a:dev'], ['shop/b:dev', 'shop/c:dev']]);
  });
});

describe('the parts of an archive', () => {
  const image = (files: Record<string, number>) => ({ digest: 'sha256:1', files: new Map(Object.entries(files)) });

  it('are what no image before has counted; the first has the frame', () => {
    const parts = sharesOf(1000, [
      image({ base: 800, a: 10 }),
      image({ base: 800, b: 20 }),
      image({ base: 800, a: 10 }),
    ]);
    expect(parts).toEqual([
      { bytes: 980, total: 980 },
      { bytes: 20, total: 820 },
      { bytes: 0, total: 810 },
    ]);
  });

  it('are all of it for one image, and for the first when nothing is known', () => {
    expect(sharesOf(1000, [image({ base: 800, a: 10 })])).toEqual([{ bytes: 1000, total: 1000 }]);
    expect(sharesOf(1000, [undefined, undefined])).toEqual([
      { bytes: 1000, total: 1000 },
      { bytes: 0, total: 0 },
    ]);
  });
});
