import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ImageConfig } from '../../../src/config/config.ts';
import { countedPaths } from '../../../src/facts/counted-paths.ts';
import { dirtyFiles } from '../../../src/facts/dirty-files.ts';
import { checkoutOf, type Checkout } from '../../../src/facts/git.ts';
import { lastChange } from '../../../src/facts/last-change.ts';
import { SourceReader, type ObservedInputs } from '../../../src/freshness/read-inputs.ts';
import { imageIn } from '../../support/image-config.ts';
import { plant, scratch } from '../../support/scratch.ts';

const AUTHOR = ['-c', 'user.name=a', '-c', 'user.email=a@example.invalid', '-c', 'commit.gpgsign=false'];
const git = (directory: string, ...args: string[]) =>
  execFileSync('git', ['-C', directory, ...AUTHOR, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

function commit(root: string, files: Record<string, string>): string {
  plant(root, files);
  git(root, 'add', '--all', '--force', ':!.harness');
  git(root, 'commit', '--quiet', '--allow-empty', '-m', 'x');
  return git(root, 'rev-parse', 'HEAD').trim();
}

function repository(files: Record<string, string> = {}): string {
  const root = join(scratch(), 'repository');
  mkdirSync(root);
  git(root, 'init', '--quiet', '-b', 'main');
  commit(root, { 'api/Dockerfile': 'FROM scratch\n', 'api/main.c': '1', 'web/x': '1', ...files });
  return root;
}

const apiIn = (root: string): ImageConfig => imageIn(join(root, 'api'));

async function read(image: ImageConfig): Promise<ObservedInputs> {
  const platform = () => Promise.resolve('linux/amd64');
  return new SourceReader({ stateDirectory: scratch(), env: {}, platform }).read(image, {});
}

async function opened(root: string): Promise<Checkout> {
  const found = await checkoutOf(root, process.env);
  if (typeof found === 'string') throw new Error(found);
  return found;
}

async function factsOf(root: string, image = apiIn(root)): Promise<{ last: string | undefined; dirty: string[] }> {
  const found = await opened(root);
  const counted = countedPaths(found.top, image, await read(image));
  return { last: (await lastChange(found, counted.counts))?.commit, dirty: await dirtyFiles(found, counted) };
}

describe('the last commit that changed an image', () => {
  it('is not one that changed other files', async () => {
    const root = repository();
    const own = commit(root, { 'api/main.c': '2' });
    commit(root, { 'web/x': '2' });
    expect(await factsOf(root)).toEqual({ last: own, dirty: [] });
  });

  it('counts the Dockerfile, the ignore file, named contexts, and what was deleted', async () => {
    const root = repository({ 'docker/Api': 'FROM scratch\n', 'tools/t': '1', 'api/old': '1' });
    const image = {
      ...apiIn(root),
      dockerfile: join(root, 'docker/Api'),
      contexts: { tools: { directory: join(root, 'tools') } },
    };
    for (const path of ['docker/Api', 'docker/Api.dockerignore', 'tools/t', 'tools/.dockerignore']) {
      const own = commit(root, { [path]: '# FROM\nFROM scratch\n' });
      commit(root, { 'web/x': path });
      expect((await factsOf(root, image)).last).toBe(own);
    }
    rmSync(join(root, 'api/old'));
    const deletion = commit(root, {});
    commit(root, { 'web/x': 'z' });
    expect((await factsOf(root, image)).last).toBe(deletion);
  });

  it('does not count ignored files, and those outside of `sources`', async () => {
    const root = repository({ 'api/.dockerignore': 'docs\n!docs/kept\n' });
    const own = git(root, 'rev-parse', 'HEAD').trim();
    commit(root, { 'api/docs/a': '1' });
    expect((await factsOf(root)).last).toBe(own);
    const kept = commit(root, { 'api/docs/kept': '1' });
    expect((await factsOf(root)).last).toBe(kept);
    commit(root, { 'api/other/a': '1' });
    expect((await factsOf(root, { ...apiIn(root), sources: ['main.c', 'docs'] })).last).toBe(kept);
  });

  it('is on the side of a merge that the files came from', async () => {
    const root = repository();
    git(root, 'checkout', '--quiet', '-b', 'side');
    const own = commit(root, { 'api/main.c': 'side' });
    git(root, 'checkout', '--quiet', 'main');
    commit(root, { 'web/x': 'main' });
    git(root, 'merge', '--quiet', '--no-edit', 'side');
    expect((await factsOf(root)).last).toBe(own);
  });

  it('is a merge that joins two changes', async () => {
    const root = repository();
    git(root, 'checkout', '--quiet', '-b', 'side');
    commit(root, { 'api/a': 'side' });
    git(root, 'checkout', '--quiet', 'main');
    commit(root, { 'api/b': 'main' });
    git(root, 'merge', '--quiet', '--no-edit', 'side');
    const merge = git(root, 'rev-parse', 'HEAD').trim();
    commit(root, { 'web/x': '2' });
    expect((await factsOf(root)).last).toBe(merge);
  });

  it('is unknown where the history is cut off before it', async () => {
    const root = repository();
    commit(root, { 'web/x': '2' });
    const clone = join(scratch(), 'clone');
    git(root, 'clone', '--quiet', '--depth', '1', `file://${root}`, clone);
    expect((await factsOf(clone)).last).toBeUndefined();
    const deep = join(scratch(), 'deep');
    const own = commit(root, { 'api/main.c': '3' });
    git(root, 'clone', '--quiet', '--depth', '2', `file://${root}`, deep);
    expect((await factsOf(deep)).last).toBe(own);
  });

  it("does not depend on the user's settings of git", async () => {
    const root = repository();
    const own = commit(root, { 'api/ü x': '2' });
    commit(root, { 'web/x': '2' });
    for (const setting of ['diff.relative=true', 'color.ui=always', 'log.showSignature=true', 'diff.noprefix=true'])
      git(root, 'config', ...setting.split('='));
    expect(await factsOf(root)).toEqual({ last: own, dirty: [] });
  });
});

describe('the files that are not as in the commit', () => {
  it('are only those that count', async () => {
    const root = repository({ '.gitignore': '*.log\n', 'api/gone': '1', 'api/.dockerignore': 'notes\n' });
    plant(root, { 'web/x': 'dirty', 'api/notes': 'ignored by Docker' });
    expect((await factsOf(root)).dirty).toEqual([]);
    plant(root, { 'api/main.c': 'dirty', 'api/new': '1', 'api/a.log': 'ignored by git' });
    rmSync(join(root, 'api/gone'));
    expect((await factsOf(root)).dirty).toEqual(['api/a.log', 'api/gone', 'api/main.c', 'api/new']);
  });

  it('include a submodule that moved, as one entry', async () => {
    const root = repository();
    const other = repository();
    git(root, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', other, 'api/sub');
    const own = commit(root, {});
    expect(await factsOf(root)).toEqual({ last: own, dirty: [] });
    commit(join(root, 'api/sub'), { 'web/x': 'moved' });
    expect(await factsOf(root)).toEqual({ last: own, dirty: ['api/sub'] });
  });
});

describe('where there is no history', () => {
  it('nothing is known', async () => {
    const root = scratch();
    expect(await checkoutOf(root, process.env)).toBe('there is no git repository that git would read');
    git(root, 'init', '--quiet');
    expect(await checkoutOf(root, process.env)).toBe('there is no commit yet');
    expect(await checkoutOf(root, { PATH: '/nowhere' })).toBe('git did not answer');
  });

  it('a hook of another repository is not asked', async () => {
    const root = repository();
    const env = { ...process.env, GIT_DIR: join(repository(), '.git') };
    expect(await checkoutOf(root, env)).toMatchObject({ head: git(root, 'rev-parse', 'HEAD').trim() });
  });
});

const PATHS = ['api/main.c', 'api/d/x', 'api/docs/y', 'api/.dockerignore', 'api/Dockerfile', 'web/x', 'top'];
const CONTENTS = ['FROM scratch\n', 'FROM scratch\nCOPY . /\n', 'docs\n', 'd\n!d/x\n'];
const STEP = fc.record({
  do: fc.constantFrom('write', 'remove', 'rename', 'chmod', 'branch', 'switch', 'merge', 'rebase', 'stash'),
  path: fc.constantFrom(...PATHS),
  to: fc.constantFrom(...PATHS),
  content: fc.constantFrom(...CONTENTS),
});

/** What may fail, such as a merge in conflict, is undone. */
function attempt(root: string, undo: string[], ...args: string[]): void {
  try {
    git(root, ...args);
  } catch {
    git(root, ...undo);
  }
}

function play(root: string, step: { do: string; path: string; to: string; content: string }): void {
  const [path, to] = [join(root, step.path), join(root, step.to)];
  const other = git(root, 'branch', '--show-current').trim() === 'main' ? 'side' : 'main';
  const hasOther = git(root, 'branch', '--list', other) !== '';
  if (step.do === 'branch') return void (hasOther || git(root, 'branch', other));
  if (step.do === 'stash') {
    plant(root, { [step.path]: `stashed ${step.content}` });
    return attempt(root, ['reset', '--quiet', '--hard'], 'stash', '--quiet', '--include-untracked');
  }
  if (step.do === 'switch') return void (hasOther && git(root, 'checkout', '--quiet', other));
  if (step.do === 'merge')
    return void (hasOther && attempt(root, ['reset', '--quiet', '--hard'], 'merge', '--quiet', '--no-edit', other));
  if (step.do === 'rebase') return void (hasOther && attempt(root, ['rebase', '--abort'], 'rebase', '--quiet', other));
  if (step.do === 'write') plant(root, { [step.path]: step.content });
  if (step.do === 'remove' && !step.path.endsWith('Dockerfile')) rmSync(path, { force: true });
  if (step.do === 'chmod' && existsSync(path)) chmodSync(path, 0o755);
  if (step.do === 'rename' && existsSync(path) && !step.path.endsWith('Dockerfile')) {
    mkdirSync(dirname(to), { recursive: true });
    renameSync(path, to);
  }
  commit(root, {});
}

it('finds a commit whose tree has the inputs of the image, whatever happened since', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { minLength: 1, maxLength: 12 }), async (steps) => {
      const root = repository();
      for (const step of steps) play(root, step);
      const { last, dirty } = await factsOf(root);
      expect(dirty).toEqual([]);
      const clone = join(scratch(), 'stated');
      cpSync(root, clone, { recursive: true });
      git(clone, 'checkout', '--quiet', last as string);
      // Empty directories are nothing that git keeps.
      for (const directory of [root, clone]) git(directory, 'clean', '--quiet', '-f', '-d');
      const [now, then] = [await read(apiIn(root)), await read(apiIn(clone))];
      expect(then.digest).toBe(now.digest);
    }),
    { numRuns: 8 },
  );
});
