import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { HarnessConfig } from '../../src/config/define.ts';
import { openHarness } from '../../src/harness.ts';
import { refuseUncounted } from '../support/all-counted.ts';
import { docker, removeProjectImages } from '../support/project-images.ts';
import { plant, scratch } from '../support/scratch.ts';

/* Facts are in images as of their build, and make none stale. */

const PROJECT = `coretest-stamps-${process.pid}`;
const REFERENCE = `${PROJECT}/app:dev`;

const AUTHOR = ['-c', 'user.name=a', '-c', 'user.email=a@example.invalid', '-c', 'commit.gpgsign=false'];
const git = (...args: string[]) => execFileSync('git', ['-C', root, ...AUTHOR, ...args], { encoding: 'utf8' }).trim();

afterAll(() => removeProjectImages(PROJECT));

let root: string;
beforeEach(async () => {
  await removeProjectImages(PROJECT); // another repository would own them
  root = scratch();
  plant(root, { 'app/Dockerfile': 'FROM scratch\nCOPY a /\n', 'app/a': String(Math.random()), other: '1' });
  git('init', '--quiet', '-b', 'main');
});

function commit(files: Record<string, string> = {}): string {
  plant(root, files);
  git('add', '--all');
  git('commit', '--quiet', '--allow-empty', '-m', 'x');
  return git('rev-parse', 'HEAD');
}

type Image = NonNullable<HarnessConfig['images']>[string];

async function open(app: Image, images: HarnessConfig['images'] = {}) {
  const config: HarnessConfig = { project: PROJECT, images: { app: { context: 'app', ...app }, ...images } };
  writeFileSync(join(root, 'harness.config.json'), JSON.stringify(config));
  return openHarness({
    cwd: root,
    emit: (event) => event.type === 'note' && refuseUncounted(event.message),
    env: { ...process.env, XDG_CACHE_HOME: join(root, '..', 'cache') },
  });
}

const STAMPS: NonNullable<Image['stamps']> = {
  GIT_COMMIT: 'commit',
  'org.opencontainers.image.revision': 'commit',
  'org.opencontainers.image.created': 'commit-time',
  '/etc/commit': 'commit',
};

describe('stamps', () => {
  it('say what was true at the build, and a commit elsewhere builds nothing', async () => {
    const own = commit();
    await (await open({ stamps: STAMPS })).build();
    const [image] = JSON.parse(await docker('image', 'inspect', REFERENCE)) as [
      { Id: string; Config: { Env: string[]; Labels: Record<string, string> } },
    ];
    expect(image.Config.Env).toContain(`GIT_COMMIT=${own}`);
    expect(image.Config.Labels).toMatchObject({ 'org.opencontainers.image.revision': own });
    const container = await docker('create', REFERENCE, '/none');
    const copy = join(root, '..', `${PROJECT}.commit`);
    await docker('cp', `${container}:/etc/commit`, copy);
    await docker('rm', container);
    expect(readFileSync(copy, 'utf8')).toBe(`${own}\n`);

    commit({ other: '2' });
    const harness = await open({ stamps: STAMPS });
    await harness.build();
    expect(harness.results.builds).toMatchObject([{ verdict: 'fresh' }]);
    expect((await harness.cacheStatus()).images[0]?.facts).toMatchObject({
      commit: own,
      dirty: [],
      carried: { GIT_COMMIT: own, '/etc/commit': own },
    });
    plant(root, { 'app/a': '1' });
    const dirty = (await harness.cacheStatus()).images[0];
    expect(dirty).toMatchObject({ verdict: 'stale', facts: { commit: own, dirty: ['app/a'] } });
    await harness.build();
    expect((await harness.cacheStatus()).images[0]).toMatchObject({
      verdict: 'fresh',
      facts: { carried: { GIT_COMMIT: `${own}-dirty` } },
    });
    const next = commit();
    expect((await harness.cacheStatus()).images[0]).toMatchObject({
      verdict: 'fresh',
      facts: { commit: next, dirty: [], carried: { GIT_COMMIT: `${own}-dirty` } },
    });
  });

  it('count the files of configured bases, and reach compilers as build arguments', async () => {
    plant(root, {
      'top/Dockerfile': `FROM ${REFERENCE}\nARG COMMIT\nLABEL compiled=$COMMIT\n`,
      'app/.dockerignore': 'docs\n',
    });
    commit({});
    const top: Image = { context: 'top', stamps: { COMMIT: { fact: 'commit', as: 'arg' } } };
    const own = commit({ 'app/a': 'changed' });
    commit({ other: '2', 'app/docs/x': '1' });
    const harness = await open({}, { top });
    await harness.build();
    const label = await docker('image', 'inspect', '--format', '{{.Config.Labels.compiled}}', `${PROJECT}/top:dev`);
    expect(label).toBe(own);
  });
});

describe('tags', () => {
  const TAGS = ['latest', 'git-{commit}', 'inputs-{inputs}'];
  const idOf = (tag: string) => docker('image', 'inspect', '--format', '{{.Id}}', `${PROJECT}/app:${tag}`);
  const actions = async (harness: Awaited<ReturnType<typeof open>>) =>
    (await harness.tags()).map(({ action }) => action);

  it('move or stand, and are given to a fresh image, too', async () => {
    const first = commit().slice(0, 12);
    await (await open({})).build();
    const harness = await open({ tags: TAGS });
    const old = await idOf('dev');
    expect(await actions(harness)).toEqual(['add', 'add', 'add']);
    await harness.build();
    expect(harness.results.builds).toMatchObject([{ verdict: 'fresh' }]);
    expect(await actions(harness)).toEqual(['keep', 'keep', 'keep']);
    expect(await Promise.all(['latest', `git-${first}`].map(idOf))).toEqual([old, old]);

    plant(root, { 'app/a': String(Math.random()) });
    expect(await actions(harness)).toEqual(['move', 'add', 'add']);
    await harness.build();
    expect(await idOf('latest')).not.toBe(old);
    expect(await idOf(`git-${first}`)).toBe(old);
    const dirty = (await harness.tags())[1]?.tag ?? '';
    expect(dirty).toMatch(new RegExp(`:git-${first}-dirty-[0-9a-f]{8}$`));

    // the same commit with another setting
    git('checkout', '--quiet', '.');
    const other = await open({ tags: TAGS, buildArgs: { X: '1' }, platforms: [] });
    await docker('tag', REFERENCE, `${PROJECT}/app:git-${first}`);
    await other.build();
    expect((await other.tags())[1]).toMatchObject({ action: 'refuse' });
  });
});
