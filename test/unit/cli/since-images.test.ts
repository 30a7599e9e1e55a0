import { describe, expect, it } from 'vitest';
import { sinceImages } from '../../../src/cli/since-images.ts';
import { imageIn } from '../../support/image-config.ts';

const images = [imageIn('/r', { name: 'api' }), imageIn('/r', { name: 'web' })];

describe('--since-image', () => {
  it('stands for the one image there is', () => {
    expect(sinceImages(['ci/api:main'], images.slice(0, 1))).toEqual({ api: 'ci/api:main' });
  });

  it('stands for each image where its name is left open, and for a named one before that', () => {
    expect(sinceImages(['reg:5000/shop-{name}:main', 'web=ci/web@sha256:1'], images)).toEqual({
      api: 'reg:5000/shop-api:main',
      web: 'ci/web@sha256:1',
    });
  });

  it('stands for nothing where it is not given, and takes names that are not configured as they are', () => {
    expect(sinceImages([], images)).toEqual({});
    expect(sinceImages(['other=x'], images)).toEqual({ other: 'x' });
  });

  it('cannot stand for several images at once', () => {
    expect(() => sinceImages(['ci/api:main'], images)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});
