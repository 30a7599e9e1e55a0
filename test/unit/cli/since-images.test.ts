import { describe, expect, it } from 'vitest';
import { sinceImages } from '../../../src/cli/since-images.ts';
import { imageIn } from '../../support/image-config.ts';

const images = [imageIn('/r', { name: 'api' }), imageIn('/r', { name: 'web' })];

describe('--since-image', () => {
  it('is for the only image if it names none', () => {
    expect(sinceImages(['ci/api:main'], images.slice(0, 1))).toEqual({ api: 'ci/api:main' });
  });

  it('fills in the name of each image, unless the image is named', () => {
    expect(sinceImages(['reg:5000/shop-{name}:main', 'web=ci/web@sha256:1'], images)).toEqual({
      api: 'reg:5000/shop-api:main',
      web: 'ci/web@sha256:1',
    });
  });

  it('may be absent, and keeps names that are not configured', () => {
    expect(sinceImages([], images)).toEqual({});
    expect(sinceImages(['other=x'], images)).toEqual({ other: 'x' });
  });

  it('cannot be the same for several images', () => {
    expect(() => sinceImages(['ci/api:main'], images)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});
