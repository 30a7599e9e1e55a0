import { execFileSync } from 'node:child_process';
import { cpSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import type { HarnessConfig } from '../../src/config/define.ts';
import { LABELS } from '../../src/core/labels.ts';
import { openHarness } from '../../src/harness.ts';
import { refuseUncounted } from '../support/all-counted.ts';
import { docker, projectImages, removeProjectImages } from '../support/project-images.ts';
import { plant, scratch } from '../support/scratch.ts';

/* A build that gives what the one before it gave leaves the image as it is. */

const PROJECT = `coretest-same-${process.pid}`;
const REFERENCE = `${PROJECT}/app:dev`;

const idOf = (reference = REFERENCE) => docker('image', 'inspect', '--format', '{{.Id}}', reference);

afterAll(() => removeProjectImages(PROJECT));

let root: string;
beforeEach(async () => {
  await removeProjectImages(PROJECT); // another repository would own them
  root = scratch();
  plant(root, { Dockerfile: 'FROM scratch\nCOPY a /\nENV MODE=x\n', a: String(Math.random()), 'README.md': '1' });
});

async function build(images: HarnessConfig['images'] = { app: { context: '.' } }, directory = root, how = {}) {
  writeFileSync(join(directory, 'harness.config.json'), JSON.stringify({ project: PROJECT, images }));
  const harness = await openHarness({
    cwd: directory,
    emit: (event) => event.type === 'note' && refuseUncounted(event.message),
    env: { ...process.env, XDG_CACHE_HOME: join(directory, '..', 'cache') },
  });
  await harness.build([], how);
  return harness.results.builds.map(({ verdict, sameResult }) => (sameResult ? 'same' : verdict));
}

it('keeps the image if only files changed that no step takes, and images that are built from it are fresh', async () => {
  plant(root, { 'top/Dockerfile': `FROM ${REFERENCE}\nLABEL top=1\n` });
  const images = { app: { context: '.' }, top: { context: 'top' } } as HarnessConfig['images'];
  expect(await build(images)).toEqual(['built', 'built']);
  const first = await idOf();

  plant(root, { 'README.md': '2' });
  expect(await build(images)).toEqual(['same', 'fresh']);
  expect(await idOf()).toBe(first);
  expect((await projectImages(PROJECT)).size).toBe(2);
  expect(await build(images)).toEqual(['fresh', 'fresh']);

  plant(root, { 'README.md': '1' }); // what its label says
  expect(await build(images)).toEqual(['fresh', 'fresh']);

  plant(root, { a: 'changed' });
  expect(await build(images)).toEqual(['built', 'built']);
  expect(await idOf()).not.toBe(first);
});

it('keeps the image in another clone after one build from the cache', async () => {
  await build();
  const first = await idOf();
  const clone = join(root, 'clone');
  plant(root, { '.dockerignore': 'clone\n' });
  cpSync(root, `${root}.clone`, { recursive: true });
  renameSync(`${root}.clone`, clone);
  rmSync(join(clone, '.harness'), { recursive: true });
  expect(await build(undefined, clone)).toEqual(['same']);
  expect(await build(undefined, clone)).toEqual(['fresh']);
  expect(await idOf()).toBe(first);
});

it('keeps the image when a step ran again without another result, and when a build is forced', async () => {
  await build();
  const first = await idOf();
  expect(await build(undefined, root, { force: true })).toEqual(['built']);
  expect(await idOf()).toBe(first);
  plant(root, { Dockerfile: 'FROM scratch\nCOPY a /\n# a comment\nENV MODE=x\n' });
  expect(await build()).toEqual(['same']);
  expect(await idOf()).toBe(first);
});

it.each(['ENV MODE=y', 'ENV MODE=x\nLABEL a=b', 'ENV MODE=x\nENTRYPOINT ["/a"]', 'ENV MODE=x\nCOPY a /b'])(
  'takes the new image if it has %j',
  async (line) => {
    await build();
    const first = await idOf();
    plant(root, { Dockerfile: `FROM scratch\nCOPY a /\n${line}\n` });
    expect(await build()).toEqual(['built']);
    expect(await idOf()).not.toBe(first);
  },
);

it('leaves an image alone that somebody else gave the name to', async () => {
  await build();
  await docker('build', '--tag', REFERENCE, '--label', `${LABELS.project}=${PROJECT}`, root);
  const theirs = await idOf();
  expect(await build()).toEqual(['built']);
  expect(await idOf()).not.toBe(theirs);
});

it('does not count the values of stamps, but which there are', async () => {
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', root, '-c', 'user.name=a', '-c', 'user.email=a@example.invalid', ...args], {
      encoding: 'utf8',
    }).trim();
  const commit = () => {
    git('add', '--all');
    git('commit', '--quiet', '-m', 'x');
  };
  git('init', '--quiet', '-b', 'main');
  plant(root, { '.dockerignore': '.git\n.harness\nharness.config.json\n' });
  commit();
  const stamps = { COMMIT: 'commit', 'org.opencontainers.image.revision': 'commit', '/etc/commit': 'commit' } as const;
  const images: HarnessConfig['images'] = { app: { context: '.', stamps } };
  await build(images);
  const first = await idOf();
  plant(root, { 'README.md': '2' });
  commit();
  expect(await build(images)).toEqual(['same']);
  expect(await idOf()).toBe(first);
  expect(await build({ app: { context: '.', stamps: { ...stamps, '/etc/other': 'commit' } } })).toEqual(['built']);
});
