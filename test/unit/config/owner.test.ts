import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { ownerOf } from '../../../src/config/owner.ts';
import { plant, scratch } from '../../support/scratch.ts';

const IDENTITY = ['-c', 'user.name=t', '-c', 'user.email=t@example.invalid'];
const git = (directory: string, ...args: string[]) =>
  execFileSync('git', ['-C', directory, ...IDENTITY, ...args], { encoding: 'utf8' }).trim();
const commit = (directory: string, message: string) =>
  git(directory, 'commit', '--allow-empty', '--quiet', '-m', message);
const owner = async (directory: string) => ownerOf(await loadConfig(directory));

function repository(name: string): string {
  const directory = join(scratch(), name);
  plant(directory, { 'app/harness.config.json': '{}' });
  git(directory, 'init', '--quiet');
  return directory;
}

it('is the first commit, for all clones and worktrees, whatever is committed or deleted later', async () => {
  const top = repository('shop');
  expect(await owner(join(top, 'app'))).toMatchObject({ project: 'app', isNamed: false, repository: undefined });
  git(top, 'add', 'app');
  commit(top, 'first');
  const first = git(top, 'rev-parse', 'HEAD');
  const found = { repository: first, within: 'app', directory: join(top, 'app') };
  expect(await owner(join(top, 'app'))).toMatchObject(found);
  commit(top, 'second');
  expect(await owner(join(top, 'app'))).toMatchObject(found);
  rmSync(join(top, 'app/.harness'), { recursive: true });
  expect(await owner(join(top, 'app'))).toMatchObject(found);

  const clone = join(scratch(), 'clone');
  git(top, 'clone', '--quiet', top, clone);
  git(top, 'worktree', 'add', '--quiet', join(clone, 'tree'));
  for (const place of [clone, join(clone, 'tree')]) {
    expect(await owner(join(place, 'app'))).toMatchObject({ repository: first, within: 'app' });
  }
  const shallow = join(scratch(), 'shallow');
  git(top, 'clone', '--quiet', '--depth=1', `file://${top}`, shallow);
  expect(await owner(join(shallow, 'app'))).toMatchObject({ repository: undefined });
});

it('is found out once, until another repository takes the place', async () => {
  const top = repository('shop');
  const app = join(top, 'app');
  commit(top, 'first');
  const first = (await owner(app)).repository;
  const memory = join(app, '.harness/app/repository.json');
  expect(existsSync(memory)).toBe(true);
  expect(readFileSync(memory, 'utf8')).toContain(String(first));
  rmSync(join(top, '.git'), { recursive: true });
  git(top, 'init', '--quiet');
  commit(top, 'another first');
  expect((await owner(app)).repository).toBe(git(top, 'rev-parse', 'HEAD'));
  expect((await owner(app)).repository).not.toBe(first);
});
