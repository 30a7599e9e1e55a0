import { expect, it } from 'vitest';
import { readDigestNames } from '../../../src/containerd/digest-names.ts';

it('names with a digest lead to the id of their image', () => {
  const images = [
    {
      id: 'sha256:a',
      repoTags: ['docker.io/shop/api:dev'],
      repoDigests: ['docker.io/shop/api@sha256:1', 'x@sha256:1'],
    },
    { id: 'sha256:b', repoTags: ['docker.io/shop/web:dev'], repoDigests: null },
  ];
  expect([...readDigestNames(JSON.stringify({ images }))]).toEqual([
    ['docker.io/shop/api@sha256:1', 'sha256:a'],
    ['x@sha256:1', 'sha256:a'],
  ]);
});
