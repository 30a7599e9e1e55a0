import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ArchivedImages, type ArchivedImage } from '../../../src/loading/archived-images.ts';
import { plant, scratch } from '../../support/scratch.ts';

const api = 'ab'.repeat(32);
const web = 'cd'.repeat(32);
const blob = (hex: string) => `blobs/sha256/${hex}`;
const list = (...images: object[]) => JSON.stringify(images);
const NAME = 'docker.io/shop/api:dev';

function archive(files: Record<string, string>, format = 'ustar'): Buffer {
  const directory = scratch();
  plant(directory, files);
  return execFileSync('tar', [`--format=${format}`, '--create', '--directory', directory, ...Object.keys(files)]);
}

function find(tar: Buffer, name = NAME, pieceSize = tar.length): ArchivedImage | undefined {
  const images = new ArchivedImages();
  for (let at = 0; at < tar.length; at += pieceSize) images.see(tar.subarray(at, at + pieceSize));
  return images.find(name);
}

describe('the images in a saved archive', () => {
  const layers = [blob('base')];
  const saved = {
    'blobs/sha256/base': 'x'.repeat(1000),
    [blob(api)]: '{}',
    [blob(web)]: '{ }',
    'index.json': '',
    'manifest.json': list(
      { Config: blob(api), RepoTags: ['shop/api:dev', 'shop/api:other'], Layers: layers },
      { Config: blob(web), RepoTags: ['localhost:5000/web:dev'], Layers: layers },
      { Config: blob(web), RepoTags: null, Layers: layers },
    ),
    'oci-layout': '{}',
  };
  const found = (hex: string, size: number) => ({
    digest: `sha256:${hex}`,
    files: new Map([
      [blob(hex), size],
      [blob('base'), 1000],
    ]),
  });

  it.each([1, 7, 511, 512, 513, 100_000])('are found in pieces of %i bytes', (size) => {
    expect(find(archive(saved), NAME, size)).toEqual(found(api, 2));
  });

  it('are found by any of their names', () => {
    expect(find(archive(saved), 'docker.io/shop/api:other')).toEqual(found(api, 2));
    expect(find(archive(saved), 'localhost:5000/web:dev')).toEqual(found(web, 3));
    expect(find(archive(saved), 'docker.io/shop/web:dev')).toBeUndefined();
  });

  it.each([
    ['another archive format', { 'manifest.json': list({ Config: `${api}.json`, RepoTags: ['shop/api:dev'] }) }],
    ['an empty list', { 'manifest.json': '' }],
    ['no list', { 'index.json': '{}' }],
    ['a damaged list', { 'manifest.json': '[{' }],
    ['something else', { 'manifest.json': '{}' }],
  ])('are not found in an archive with %s', (_, files) => {
    expect(find(archive(files))).toBeUndefined();
  });

  it('are not found after an extended header, because a file in a layer could be mistaken for the list', () => {
    expect(find(archive(saved, 'pax'))).toBeUndefined();
    expect(find(Buffer.alloc(10_240))).toBeUndefined();
  });
});
