import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import type { HarnessConfig } from '../../src/config/define.ts';
import { openHarness, type OpenOptions } from '../../src/harness.ts';
import { refuseUncounted } from '../support/all-counted.ts';
import { docker, removeProjectImages } from '../support/project-images.ts';
import { plant, scratch } from '../support/scratch.ts';

/* Profiles share the name of an image and BuildKit's cache, and nothing of one gets into another. */

const PROJECT = `coretest-profiles-${process.pid}`;
const REFERENCE = `${PROJECT}/app:dev`;
const BASE = 'debian:bookworm-slim';

afterAll(() => removeProjectImages(PROJECT));

const STAGE = (name: string) => `
FROM ${BASE} AS ${name}
ARG MODE
RUN cat /proc/sys/kernel/random/uuid > /id && echo "${name} $MODE" > /what
`;

const CONFIG: HarnessConfig = {
  project: PROJECT,
  images: { app: { target: 'plain', buildArgs: { MODE: 'x' }, debianBases: { [BASE]: 'bookworm' } } },
  profiles: {
    development: { images: { app: { target: 'dev', buildArgs: { MODE: 'y' } } } },
    production: { images: { app: { target: 'prod' } } },
  },
};

let root: string;
beforeEach(() => {
  root = scratch();
  plant(root, { Dockerfile: ['plain', 'dev', 'prod'].map(STAGE).join(''), '.dockerignore': '*' });
  writeFileSync(join(root, 'harness.config.json'), JSON.stringify(CONFIG));
});

const open = (options: OpenOptions) =>
  openHarness({
    cwd: root,
    emit: (event) => event.type === 'note' && refuseUncounted(event.message),
    env: { ...process.env, XDG_CACHE_HOME: join(root, '..', 'cache') },
    ...options,
  });

/** Builds as a command with these options would. @returns what was built, and the id of its step */
async function build(options: OpenOptions, how: { force?: boolean; noCache?: boolean } = {}) {
  const harness = await open(options);
  await harness.build([], how);
  const container = await docker('create', REFERENCE, 'none');
  const read = async (path: string) => {
    const copy = join(scratch(), 'copy');
    await docker('cp', `${container}:${path}`, copy);
    return readFileSync(copy, 'utf8').trim();
  };
  const built = { what: await read('/what'), step: await read('/id') };
  await docker('rm', container);
  return { ...built, verdict: harness.results.builds[0]?.verdict };
}

it('a switch of profiles builds from the cache, and a rebuild of one leaves the others alone', async () => {
  const plain = await build({}, { force: true, noCache: true });
  expect(plain).toMatchObject({ what: 'plain x', verdict: 'built' });
  const dev = await build({ preferredProfile: 'development' });
  expect(dev).toMatchObject({ what: 'dev y', verdict: 'built' });
  expect(await build({ profile: 'development' })).toEqual({ ...dev, verdict: 'fresh' });
  expect((await (await open({})).cacheStatus()).images[0]).toMatchObject({
    verdict: 'stale',
    changed: expect.arrayContaining([expect.objectContaining({ path: 'target', detail: 'dev → plain' })]),
  });

  const prod = await build({ preferredProfile: 'production' }, { force: true, noCache: true });
  expect(prod).toMatchObject({ what: 'prod x', verdict: 'built' });
  expect(await build({})).toEqual(plain);
  expect(await build({ profile: 'development' })).toEqual(dev);
  expect(await build({ profile: 'production' })).toEqual(prod);
  const again = await build({ profile: 'production' }, { force: true, noCache: true });
  expect(again.step).not.toBe(prod.step);
});
