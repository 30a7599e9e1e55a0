import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openHarness } from '../../src/harness.ts';
import { run, tryRun } from '../../src/machine/process.ts';
import { plant, scratch } from '../support/scratch.ts';

/** Two repositories in directories of one name, with no `project`: both have the same project. */

const PROJECT = `coretest-twins-${process.pid}`;
const REFERENCE = `${PROJECT}/app:dev`;

const docker = async (...argv: string[]) => (await run(['docker', ...argv])).stdout.trim();
const idOf = (reference: string) => docker('image', 'inspect', '--format', '{{.Id}}', reference);
const exists = async (reference: string) => (await tryRun(['docker', 'image', 'inspect', reference])).exitCode === 0;

afterAll(async () => {
  await tryRun(['docker', 'rmi', '--force', REFERENCE]);
});

const git = (directory: string, ...argv: string[]) =>
  run(['git', '-C', directory, '-c', 'user.name=x', '-c', 'user.email=x@y.z', ...argv]);

function project(root: string, content: string): string {
  const directory = join(root, PROJECT);
  plant(directory, {
    'harness.config.json': JSON.stringify({ images: { app: { context: 'app' } } }),
    'app/Dockerfile': 'FROM scratch\nCOPY a /\n',
    'app/a': content,
  });
  return directory;
}

async function repository(root: string, content: string): Promise<string> {
  const directory = project(root, content);
  await git(directory, 'init', '--quiet');
  await git(directory, 'add', '.');
  await git(directory, 'commit', '--quiet', '--message', content);
  return directory;
}

const open = (cwd: string) => openHarness({ cwd, env: { ...process.env, XDG_CACHE_HOME: join(cwd, '..', 'cache') } });
const build = async (directory: string) => {
  const harness = await open(directory);
  await harness.build();
  return harness.results.builds[0]?.verdict;
};

describe('the images of two repositories in directories of one name', () => {
  it('do not replace or remove each other, and clones share them', async () => {
    const root = scratch();
    const one = await repository(join(root, 'one'), '1');
    const two = await repository(join(root, 'two'), '2');
    expect(await build(one)).toBe('built');
    const id = await idOf(REFERENCE);
    await expect(build(two)).rejects.toMatchObject({
      code: 'BUILD',
      message: `Refusing to replace image ${REFERENCE}: another repository built it.`,
      detail: expect.stringContaining(two),
    });
    expect(await (await open(two)).clean()).toMatchObject({ images: [], kept: [{ image: REFERENCE }] });
    expect(await idOf(REFERENCE)).toBe(id);

    const clone = join(root, 'clone', PROJECT);
    mkdirSync(join(root, 'clone'));
    await git(root, 'clone', '--quiet', one, clone);
    expect(await build(clone)).toBe('fresh');
    plant(clone, { 'app/a': 'changed' });
    expect(await build(clone)).toBe('built');
    expect((await (await open(one)).clean()).images).toContain(REFERENCE);
    expect(await exists(REFERENCE)).toBe(false);
    expect(await build(two)).toBe('built');
    await (await open(two)).clean();
  });

  it('nor do those of two directories without git', async () => {
    const root = scratch();
    const one = project(join(root, 'one'), '1');
    const two = project(join(root, 'two'), '2');
    await build(one);
    await expect(build(two)).rejects.toMatchObject({ code: 'BUILD' });
    expect(await (await open(two)).clean()).toMatchObject({ images: [] });
    expect(await exists(REFERENCE)).toBe(true);
    expect(await (await open(one)).clean()).toMatchObject({ images: [REFERENCE] });
  });
});
