import { expect, it } from 'vitest';
import { sizeLines } from '../../../src/cli/size-command.ts';
import { imageSizeError } from '../../../src/sizes/judge-size.ts';

const LAYERS = [
  { line: 9, instruction: 'COPY . .', isBase: false, bytes: 2_000_000 },
  { line: 7, instruction: 'RUN npm ci', isBase: false, bytes: 180_200_000 },
  { line: null, instruction: 'ADD rootfs.tar /', isBase: true, bytes: 80_000_000 },
  { line: null, instruction: '', isBase: false, bytes: 1 },
];
const api = { image: 'api', bytes: 262_200_001, maxSize: 150_000_000, dockerfile: 'api/Dockerfile', layers: LAYERS };

it('an image that is larger than allowed is an error with its largest layers', () => {
  expect(imageSizeError([api])).toMatchObject({
    code: 'TOO_LARGE',
    message: 'Image api has 262.2 MB, more than the 150.0 MB that its maxSize allows.',
    detail: [
      '180.2 MB  api/Dockerfile:7  RUN npm ci',
      '80.0 MB  base image  ADD rootfs.tar /',
      '2.0 MB  api/Dockerfile:9  COPY . .',
      '1 kB  -',
    ].join('\n'),
    next: expect.stringContaining('`images.api.maxSize`. `harness size api` lists'),
  });
});

it('several are named, and a small difference is told in bytes', () => {
  const web = { ...api, image: 'web', bytes: 150_000_001, layers: LAYERS.slice(0, 1) };
  expect(imageSizeError([api, web])).toMatchObject({
    message: expect.stringMatching(
      /Image web has 150000001 bytes, more than the 150000000 bytes that its maxSize allows\.$/,
    ),
    detail: expect.stringMatching(/^api: 180\.2 MB[^]*\nweb: 2\.0 MB {2}api\/Dockerfile:9/),
  });
});

it('an image that is as large as allowed, or may have any size, is none', () => {
  expect(
    imageSizeError([
      { ...api, maxSize: api.bytes },
      { ...api, maxSize: null },
    ]),
  ).toBeUndefined();
});

it('a table has the layers of each image', () => {
  const layers = LAYERS.slice(0, 3).map((layer) => ({ ...layer, shared: layer.isBase ? ['web', 'db'] : [] }));
  expect(sizeLines({ ...api, layers, reference: 'shop/api:dev' })).toEqual([
    '🔶 api  shop/api:dev  262.2 MB of 150.0 MB',
    '     2.0 MB    api/Dockerfile:9  COPY . .',
    '     180.2 MB  api/Dockerfile:7  RUN npm ci',
    '     80.0 MB   base image        ADD rootfs.tar / (also in web, db)',
  ]);
  expect(sizeLines({ ...api, bytes: null, maxSize: null, layers: [], reference: 'shop/api:dev' })).toEqual([
    '❌ api  shop/api:dev  missing',
  ]);
});
