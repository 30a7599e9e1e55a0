import { expect, it } from 'vitest';
import { beginStep, type Generation } from '../../../src/deploying/generation.ts';
import type { KubeAccess } from '../../../src/kubernetes/api.ts';

const generation: Generation = {
  id: 'g1',
  content: 'c',
  steps: { 'deploy[0]': 'd' },
  directory: '/here',
  since: '2026-01-02T03:04:05Z',
};

/** A server that must not be asked. */
const none: KubeAccess = {
  config: {
    getCurrentCluster: () => {
      throw new Error('asked');
    },
    applyToHTTPSOptions: () => Promise.reject(new Error('asked')),
  },
};

it('a step that deploys the same again belongs to the same generation', async () => {
  expect(await beginStep(none, 'shop', generation, { place: 'deploy[0]', digest: 'd' })).toBe(generation);
});

it.each([
  ['other things', { place: 'deploy[0]', digest: 'e' }],
  ['the same in another place', { place: 'deploy[1]', digest: 'd' }],
])('a step that deploys %s is recorded as another generation', async (_, step) => {
  await expect(beginStep(none, 'shop', generation, step)).rejects.toThrow('asked');
});
