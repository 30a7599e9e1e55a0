import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import type { HarnessConfig } from '../../src/config/define.ts';
import { openHarness } from '../../src/harness.ts';
import { refuseUncounted } from '../support/all-counted.ts';
import { docker, removeProjectImages } from '../support/project-images.ts';
import { plant, scratch } from '../support/scratch.ts';

/* What the engine says about layers, and the lines of the Dockerfiles that made them. */

const PROJECT = `coretest-sizes-${process.pid}`;
const BASE = 'debian:bookworm-slim';

afterAll(() => removeProjectImages(PROJECT));

let root: string;
beforeEach(() => {
  root = scratch();
  plant(root, {
    'app/Dockerfile': `FROM ${BASE} AS fat\nARG SIZE\nRUN head -c "$SIZE" /dev/zero > /zeros\nFROM fat\n\nCOPY data /\nCMD ["x"]\n`,
    'app/data': 'x'.repeat(50_000),
    'top/Dockerfile': `FROM ${PROJECT}/app:dev\nWORKDIR /top\nCOPY more /\n`,
    'top/more': 'y'.repeat(20_000),
  });
});

type Image = NonNullable<HarnessConfig['images']>[string];

async function open(app: Image = {}) {
  const image: Image = {
    context: 'app',
    debianBases: { [BASE]: 'bookworm' },
    buildArgs: { SIZE: 3_000_000 },
    stamps: { '/etc/commit': 'commit', COMMIT: 'commit' },
    ...app,
  };
  const config: HarnessConfig = { project: PROJECT, images: { app: image, top: { context: 'top' } } };
  writeFileSync(join(root, 'harness.config.json'), JSON.stringify(config));
  return openHarness({
    cwd: root,
    emit: (event) => event.type === 'note' && refuseUncounted(event.message),
    env: { ...process.env, XDG_CACHE_HOME: join(root, '..', 'cache') },
  });
}

it('layers have their lines and sizes, and say which images share them', async () => {
  const harness = await open();
  expect(await harness.sizes(['app'])).toMatchObject([{ image: 'app', bytes: null, layers: [] }]);
  await harness.build();
  const [app, top] = await harness.sizes();
  const own = [
    { line: null, isBase: false, shared: ['top'] }, // the stamp
    { line: 6, instruction: 'COPY data /', shared: ['top'] },
    { line: 3, instruction: 'RUN head -c "$SIZE" /dev/zero > /zeros', shared: ['top'] },
    { line: null, isBase: true, shared: ['top'] },
  ];
  expect(app).toMatchObject({ image: 'app', dockerfile: 'app/Dockerfile', layers: own });
  expect(top).toMatchObject({
    dockerfile: 'top/Dockerfile',
    layers: [
      { line: 3, instruction: 'COPY more /', isBase: false, shared: [] },
      ...own.map(() => ({ line: null, isBase: true, shared: ['app'] })),
    ],
  });
  expect(JSON.stringify(top)).not.toContain('SIZE=');
  expect(app?.layers[2]?.bytes).toBeGreaterThanOrEqual(3_000_000);
  expect(app?.bytes).toBe(app?.layers.reduce((sum, { bytes }) => sum + bytes, 0));
  const size = Number(await docker('image', 'inspect', '--format', '{{.Size}}', `${PROJECT}/top:dev`));
  expect(top?.bytes).toBe(size);
});

it('an image that is too large is an error after its build and when it is fresh, and gets no names', async () => {
  await (await open()).build();
  const bytes = (await (await open()).sizes(['app']))[0]?.bytes ?? 0;
  await (await open({ maxSize: bytes })).build();
  const more: Image = { maxSize: bytes, buildArgs: { SIZE: 3_000_001 }, tags: ['large'] };
  const refused = { code: 'TOO_LARGE', detail: expect.stringContaining('3.0 MB  app/Dockerfile:3  RUN head') };
  const harness = await open(more);
  await expect(harness.build(['app'])).rejects.toMatchObject(refused);
  expect(harness.results.builds).toMatchObject([{ image: 'app', verdict: 'built' }]);
  const again = await open(more);
  await expect(again.build()).rejects.toMatchObject(refused);
  expect(again.results.builds).toMatchObject([{ image: 'app', verdict: 'fresh' }]);
  expect(await docker('images', '--quiet', `${PROJECT}/app:large`)).toBe('');
});
