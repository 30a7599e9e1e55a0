import { expect, it } from 'vitest';
import { readHoldings, readSnapshots } from '../../../src/containerd/holdings.ts';

it('reads images, used images and loads from the answers of a node', () => {
  const images = [
    { status: { id: 'sha256:1', repoTags: ['docker.io/shop/api:dev'], repoDigests: ['k:5000/k@sha256:ab'], pinned: true }, info: { chainID: 'sha256:t' } },
    { status: { id: 'sha256:2', repoTags: null, repoDigests: [] } },
  ]; // prettier-ignore
  const containers = [
    { imageRef: 'sha256:1', imageId: '', image: { image: 'sha256:1', userSpecifiedImage: 'shop/api:dev' } },
  ];
  expect(
    readHoldings(JSON.stringify(images), JSON.stringify({ containers }), 'sha256:1 docker.io/shop/api:dev\n'),
  ).toEqual({
    images: [
      { id: 'sha256:1', names: ['docker.io/shop/api:dev', 'k:5000/k@sha256:ab'], pinned: true, top: 'sha256:t' },
      { id: 'sha256:2', names: [], pinned: false, top: '' },
    ],
    used: new Set(['sha256:1', 'shop/api:dev', 'docker.io/shop/api:dev']),
    loads: new Set(['sha256:1 docker.io/shop/api:dev']),
  });
});

it('reads a node without images and containers', () => {
  expect(readHoldings('[]', '{}', '')).toEqual({ images: [], used: new Set(), loads: new Set() });
});

it('reads snapshots with their parents and sizes', () => {
  const list = 'KEY PARENT KIND \nsha256:a  Committed \nsha256:b sha256:a Committed \n0f3a sha256:b Active \n';
  const usage = 'KEY SIZE INODES \nsha256:a 4096 2 \nsha256:b 12 1 \n';
  expect(Object.fromEntries(readSnapshots(list, usage))).toEqual({
    'sha256:a': { parent: '', bytes: 4096, committed: true },
    'sha256:b': { parent: 'sha256:a', bytes: 12, committed: true },
    '0f3a': { parent: 'sha256:b', bytes: 0, committed: false },
  });
});
