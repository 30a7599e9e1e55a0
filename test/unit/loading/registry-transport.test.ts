import { afterEach, describe, expect, it, vi } from 'vitest';
import { chainIds } from '../../../src/containerd/chain-ids.ts';
import { HarnessError } from '../../../src/core/error.ts';
import type { DockerEngine, DockerImage } from '../../../src/docker/engine.ts';
import * as pushes from '../../../src/docker/push.ts';
import * as pulls from '../../../src/loading/pull-in-node.ts';
import { pushedSize } from '../../../src/loading/push-to-registry.ts';
import { missingLayers, RegistryTransport } from '../../../src/loading/registry-transport.ts';
import * as registries from '../../../src/registry/client.ts';

const hex = (letter: string) => letter.repeat(64);
const contents = ['1', '2', '3'].map((digit) => `sha256:${hex(digit)}`);
const manifest = {
  config: { digest: `sha256:${hex('c')}`, size: 10 },
  layers: [
    { digest: `sha256:${hex('a')}`, size: 1000 },
    { digest: `sha256:${hex('b')}`, size: 200 },
    { digest: `sha256:${hex('d')}`, size: 30 },
  ],
};

describe('the size of a push', () => {
  it('counts layers by the short ids of contents, as Docker reports them with its own store', () => {
    expect(pushedSize(manifest, contents, [hex('2').slice(0, 12)])).toBe(210);
  });

  it('counts layers by the short ids of blobs, as Docker reports them with its containerd store', () => {
    expect(pushedSize(manifest, contents, [hex('a').slice(0, 12), hex('d').slice(0, 12)])).toBe(1040);
  });

  it('is that of the configuration when the registry had all layers', () => {
    expect(pushedSize(manifest, contents, [])).toBe(10);
  });
});

describe('the layers that a node fetches', () => {
  const [lower, middle, upper] = chainIds(contents) as [string, string, string];

  it('are all when it has none', () => {
    expect(missingLayers(manifest, contents, new Set())).toEqual({ chain: [lower, middle, upper], bytes: 1240 });
  });

  it('are not those that it has unpacked', () => {
    expect(missingLayers(manifest, contents, new Set([lower, middle]))).toEqual({ chain: [upper], bytes: 40 });
    expect(missingLayers(manifest, contents, new Set([lower, middle, upper]))).toEqual({ chain: [], bytes: 10 });
  });

  it('include a layer that it has only on top of other layers', () => {
    const other = chainIds([contents[2]!, contents[1]!]).at(-1)!;
    expect(missingLayers(manifest, contents, new Set([lower, other])).bytes).toBe(240);
  });

  it('count once when the image has one twice', () => {
    const [first] = manifest.layers as [(typeof manifest.layers)[0]];
    expect(missingLayers({ ...manifest, layers: [first, first] }, [contents[0]!, contents[0]!], new Set()).bytes).toBe(
      1010,
    );
  });
});

vi.mock(import('../../../src/loading/pull-in-node.ts'), { spy: true });
vi.mock(import('../../../src/docker/push.ts'), { spy: true });
vi.mock(import('../../../src/registry/client.ts'), { spy: true });
afterEach(() => vi.resetAllMocks());

describe('an image that was pushed before there were nodes', () => {
  const image = {
    id: manifest.config.digest,
    layers: contents,
    tags: [],
    inContainerd: false,
  } as unknown as DockerImage;
  const request = { reference: 'shop/api:dev', name: 'docker.io/shop/api:dev', image };
  const openTransport = () =>
    new RegistryTransport(
      {} as DockerEngine,
      { containerId: 'r', address: '10.0.0.2', port: 1, password: 'p' },
      'amd64',
    );
  const stored = { digest: `sha256:${hex('e')}`, manifest };

  function registryWorks(): void {
    vi.mocked(registries.findManifest).mockResolvedValueOnce(undefined).mockResolvedValue(stored);
    vi.mocked(pushes.pushImage).mockResolvedValue(contents.map((digest) => digest.slice('sha256:'.length)));
    vi.mocked(pulls.pullInNode).mockResolvedValue({ content: { images: [] }, output: '' });
  }

  it('is not pushed again, and its size is reported by one load', async () => {
    registryWorks();
    const transport = openTransport();
    await Promise.all([transport.prepare?.(request), transport.prepare?.(request)]);
    const first = await transport.send(request, [{ node: 'a' }]).get('a');
    const second = await transport.send({ ...request, name: 'docker.io/shop/api:other' }, [{ node: 'a' }]).get('a');
    expect(pushes.pushImage).toHaveBeenCalledOnce();
    expect([first?.pushed, second?.pushed]).toEqual([1240, 0]);
  });

  it('is pushed by the load when the early push failed', async () => {
    vi.mocked(registries.findManifest).mockRejectedValueOnce(new Error('reset'));
    const transport = openTransport();
    await expect(transport.prepare?.(request)).rejects.toThrow('reset');
    registryWorks();
    expect((await transport.send(request, [{ node: 'a' }]).get('a'))?.pushed).toBe(1240);
  });

  it('is not pushed again when the disk was full', async () => {
    vi.mocked(registries.findManifest).mockRejectedValue(new HarnessError('DISK_FULL', 'The disk is full.'));
    const transport = openTransport();
    await expect(transport.prepare?.(request)).rejects.toThrow('full');
    await expect(transport.send(request, [{ node: 'a' }]).get('a')).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(registries.findManifest).toHaveBeenCalledOnce();
  });
});
