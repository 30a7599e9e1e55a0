import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ArchivedConfig } from '../../../src/drivers/archived-config.ts';
import { plant, scratch } from '../../support/scratch.ts';

const hex = 'ab'.repeat(32);
const list = (...configs: string[]) => JSON.stringify(configs.map((Config) => ({ Config, RepoTags: ['shop/api:dev'] })));

function archive(files: Record<string, string>, format = 'ustar'): Buffer {
  const directory = scratch();
  plant(directory, files);
  return execFileSync('tar', [`--format=${format}`, '--create', '--directory', directory, ...Object.keys(files)]);
}

function digestIn(tar: Buffer, pieceSize = tar.length): string | undefined {
  const config = new ArchivedConfig();
  for (let at = 0; at < tar.length; at += pieceSize) config.see(tar.subarray(at, at + pieceSize));
  return config.digest;
}

describe("the configuration's digest in a saved archive", () => {
  const saved = { 'blobs/sha256/x': 'x'.repeat(1000), 'index.json': '', 'manifest.json': list(`blobs/sha256/${hex}`), 'oci-layout': '{}' };

  it.each([1, 7, 511, 512, 513, 100_000])('is read out of pieces of %i bytes', (size) => {
    expect(digestIn(archive(saved), size)).toBe(`sha256:${hex}`);
  });

  it.each([
    ['another form of archive', { 'manifest.json': list(`${hex}.json`) }],
    ['several images', { 'manifest.json': list(`blobs/sha256/${hex}`, `blobs/sha256/${hex}`) }],
    ['an empty list', { 'manifest.json': '' }],
    ['no list', { 'index.json': '{}' }],
    ['a damaged list', { 'manifest.json': '[{' }],
    ['something else', { 'manifest.json': '{}' }],
  ])('is not told by %s', (_, files) => {
    expect(digestIn(archive(files))).toBeUndefined();
  });

  it('is not told where a size stands in an extended header, because a file in a layer could then be taken for the list', () => {
    expect(digestIn(archive(saved, 'pax'))).toBeUndefined();
    expect(digestIn(Buffer.alloc(10_240))).toBeUndefined();
  });
});
