import { describe, expect, it } from 'vitest';
import { applyProfile } from '../../../src/profiles/apply-profile.ts';

const CONFIG = {
  project: 'shop',
  images: {
    api: { target: 'prod', buildArgs: { A: '1', B: { env: 'B' } }, tags: ['a', 'b'], network: 'host' },
    web: { target: 'web' },
  },
  profiles: {
    dev: {
      images: {
        api: { target: 'dev', buildArgs: { B: '2', C: '3' }, tags: ['c'], labels: { x: '1' }, network: undefined },
      },
    },
  },
};

describe('a profile', () => {
  it('merges objects by key, and replaces everything else', () => {
    const { config, images, problems } = applyProfile(CONFIG, 'dev');
    expect(config).toEqual({
      ...CONFIG,
      images: {
        api: { target: 'dev', buildArgs: { A: '1', B: '2', C: '3' }, tags: ['c'], labels: { x: '1' } },
        web: { target: 'web' },
      },
    });
    expect(images).toEqual(['api']);
    expect(problems).toEqual([]);
  });

  it('changes nothing if none is used, or if there are no images', () => {
    expect(applyProfile(CONFIG, undefined).config).toEqual(CONFIG);
    expect(applyProfile({ profiles: { dev: {} } }, 'dev').config).toEqual({ profiles: { dev: {} } });
    expect(CONFIG.images.api.target).toBe('prod');
  });

  it.each([
    ['images.api.target', true],
    ['images.api.tags[0]', true],
    ['images.api.buildArgs.B', true],
    ['images.api.buildArgs.A', false],
    ['images.api.buildArgs', true],
    ['images.api.labels.x.y', true],
    ['images.api.targets', false],
    ['images.web.target', false],
    ['cluster.name', false],
  ])('knows whether it sets %s: %s', (path, isOwn) => {
    expect(applyProfile(CONFIG, 'dev').placeOf(path)).toBe(isOwn ? `profiles.dev.${path}` : path);
    expect(applyProfile(CONFIG, undefined).placeOf(path)).toBe(path);
  });
});
