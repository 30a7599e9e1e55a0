import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { DockerEngine } from '../../../src/docker/engine.ts';
import * as containers from '../../../src/docker/exec.ts';
import * as saving from '../../../src/docker/save.ts';
import { archiveTransport } from '../../../src/loading/archive-transport.ts';
import { sharesOf } from '../../../src/loading/import-archive.ts';
import type { LoadRequest } from '../../../src/loading/transport.ts';

vi.mock(import('../../../src/docker/exec.ts'), { spy: true });
vi.mock(import('../../../src/docker/save.ts'), { spy: true });
afterEach(() => vi.resetAllMocks());

const request = (name: string): LoadRequest =>
  ({
    reference: `shop/${name}:dev`,
    name: `docker.io/shop/${name}:dev`,
    image: { id: `sha256:${name}` },
  }) as LoadRequest;
const transport = () => archiveTransport({} as DockerEngine);

/** Every node reads its whole archive. */
function acceptAll(): void {
  vi.mocked(containers.tryExec).mockImplementation(async (_engine, _node, _argv, options) => {
    await text(options?.stdin as Readable);
    return { exitCode: 0, stdout: '', stderr: '' };
  });
}

describe('an archive for several nodes', () => {
  it('reaches the other nodes when one cannot start to read', async () => {
    // more than all the streams can buffer
    const chunks = Array.from({ length: 100 }, () => Buffer.alloc(65_536, 'x'));
    const archive = Buffer.concat(chunks).toString();
    vi.mocked(saving.saveImages).mockResolvedValue(Readable.from(chunks));
    const received: string[] = [];
    vi.mocked(containers.tryExec).mockImplementation(async (_engine, node, _argv, options) => {
      if (node === 'gone') throw new Error('the container is not running');
      received.push(await text(options?.stdin as Readable));
      return { exitCode: 0, stdout: '', stderr: '' };
    });
    const destinations = ['one', 'gone', 'other'].map((node) => ({ node }));
    const transfers = transport().send(request('api'), destinations, undefined);
    await expect(transfers.get('gone')).rejects.toThrow('not running');
    expect(await transfers.get('one')).toMatchObject({ bytes: archive.length });
    expect(await transfers.get('other')).toMatchObject({ bytes: archive.length });
    expect(received).toEqual([archive, archive]);
  });
});

describe('several images for one node', () => {
  const send = (names: string[], signal?: AbortSignal) => {
    const archives = transport();
    return names.map((name) => archives.send(request(name), [{ node: 'one' }], signal).get('one')!);
  };
  const saved = () => vi.mocked(saving.saveImages).mock.calls.map(([, references]) => references);

  it('go together in the next archive, and their sizes add up to what was sent', async () => {
    acceptAll();
    vi.mocked(saving.saveImages).mockImplementation((_engine, references) =>
      Promise.resolve(Readable.from(references.map((reference) => Buffer.from(reference)))),
    );
    const results = await Promise.all(send(['a', 'b', 'c']));
    expect(saved()).toEqual([['shop/a:dev'], ['shop/b:dev', 'shop/c:dev']]);
    expect(results.map(({ bytes }) => bytes)).toEqual([10, 20, 0]);
  });

  it('are sent one by one when Docker cannot save them together, and only the one at fault fails', async () => {
    acceptAll();
    vi.mocked(saving.saveImages).mockImplementation((_engine, references) =>
      references.includes('shop/gone:dev')
        ? Promise.reject(new Error('reference does not exist'))
        : Promise.resolve(Readable.from(references.map((reference) => Buffer.from(reference)))),
    );
    const [a, b, gone, c] = send(['a', 'b', 'gone', 'c']);
    await expect(gone).rejects.toThrow('reference does not exist');
    expect(await Promise.all([a, b, c])).toMatchObject([{ bytes: 10 }, { bytes: 10 }, { bytes: 10 }]);
  });

  it('are not sent after an interruption', async () => {
    const interruption = new AbortController();
    vi.mocked(saving.saveImages).mockImplementation(() => {
      interruption.abort();
      return Promise.reject(new Error('interrupted'));
    });
    const ends = await Promise.allSettled(send(['a', 'b', 'c'], interruption.signal));
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    // the second archive is not retried image by image
    expect(saved()).toEqual([['shop/a:dev'], ['shop/b:dev', 'shop/c:dev']]);
  });
});

describe('the shares of an archive', () => {
  const image = (files: Record<string, number>) => ({ digest: 'sha256:1', files: new Map(Object.entries(files)) });

  it('count shared files for the first image, and the overhead, too', () => {
    const shares = sharesOf(1000, [
      image({ base: 800, a: 10 }),
      image({ base: 800, b: 20 }),
      image({ base: 800, a: 10 }),
    ]);
    expect(shares).toEqual([
      { bytes: 980, total: 980 },
      { bytes: 20, total: 820 },
      { bytes: 0, total: 810 },
    ]);
  });

  it('are the whole archive for a single image, and for the first of unknown images', () => {
    expect(sharesOf(1000, [image({ base: 800, a: 10 })])).toEqual([{ bytes: 1000, total: 1000 }]);
    expect(sharesOf(1000, [undefined, undefined])).toEqual([
      { bytes: 1000, total: 1000 },
      { bytes: 0, total: 0 },
    ]);
  });
});
