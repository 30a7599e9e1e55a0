import { describe, expect, it } from 'vitest';
import { lackingLayers, pushedSize } from '../../../src/act/registry-transport.ts';
import { chainIds } from '../../../src/model/layers.ts';

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

describe('what a push carried', () => {
  it('is known by the short ids of contents, as Docker gives them with its own store', () => {
    expect(pushedSize(manifest, contents, [hex('2').slice(0, 12)])).toBe(210);
  });

  it('is known by the short ids of blobs, as Docker gives them with its containerd store', () => {
    expect(pushedSize(manifest, contents, [hex('a').slice(0, 12), hex('d').slice(0, 12)])).toBe(1040);
  });

  it('is the configuration alone when the registry had all layers', () => {
    expect(pushedSize(manifest, contents, [])).toBe(10);
  });
});

describe('what a node fetches', () => {
  const [lower, middle, upper] = chainIds(contents) as [string, string, string];

  it('is everything, where it has nothing', () => {
    expect(lackingLayers(manifest, contents, new Set())).toEqual({ chain: [lower, middle, upper], bytes: 1240 });
  });

  it('leaves out what is unpacked', () => {
    expect(lackingLayers(manifest, contents, new Set([lower, middle]))).toEqual({ chain: [upper], bytes: 40 });
    expect(lackingLayers(manifest, contents, new Set([lower, middle, upper]))).toEqual({ chain: [], bytes: 10 });
  });

  it('counts a layer that lies above another one there as lacking', () => {
    const other = chainIds([contents[2]!, contents[1]!]).at(-1)!;
    expect(lackingLayers(manifest, contents, new Set([lower, other])).bytes).toBe(240);
  });

  it('counts a layer once that the image has twice', () => {
    const [first] = manifest.layers as [(typeof manifest.layers)[0]];
    expect(lackingLayers({ ...manifest, layers: [first, first] }, [contents[0]!, contents[0]!], new Set()).bytes).toBe(1010);
  });
});
