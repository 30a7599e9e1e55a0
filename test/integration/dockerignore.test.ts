import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dockerClient } from '../../src/docker/client.ts';
import { tryRun } from '../../src/machine/process.ts';
import { readContext } from '../../src/sources/context.ts';
import { FILES, IGNORE_CASES } from '../support/ignore-cases.ts';
import { plant } from '../support/scratch.ts';

/*
 * Tests the ignore rules against BuildKit. Each case is built (`FROM scratch`, `COPY . /`), and the
 * result is compared with how the harness reads the same directory.
 */

let base: string;
let context: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'ignore-'));
  context = join(base, 'context');
  mkdirSync(context);
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

/** The result if Docker rejects the ignore file. */
const REFUSED = 'refused';

/**
 * What the harness reads: kind and mode by path. Contents are not compared, because BuildKit itself
 * loses some if its two matchers disagree.
 */
async function readByHarness(ignore: string): Promise<Record<string, string>> {
  const { files } = await readContext(context, ignore, join(base, 'index'));
  return Object.fromEntries([...files.entries()].map(([path, line]) => [path, line.split(' ').slice(0, 2).join(' ')]));
}

/** What a build sees, in the same form. */
async function readByDocker(ignore: string): Promise<Record<string, string> | typeof REFUSED> {
  const definition = join(base, 'Dockerfile');
  const out = join(base, 'out');
  writeFileSync(definition, 'FROM scratch\nCOPY . /\n');
  writeFileSync(`${definition}.dockerignore`, ignore);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  const options = ['--progress=plain', '--file', definition, '--output', `type=local,dest=${out}`];
  const result = await tryRun([await dockerClient(process.env), 'buildx', 'build', ...options, context]);
  if (result.exitCode !== 0 && /pattern/.test(result.all)) return REFUSED;
  expect(result.exitCode, result.all).toBe(0);
  return Object.fromEntries(list(out, ''));
}

function list(root: string, directory: string): [string, string][] {
  return readdirSync(join(root, directory)).flatMap((name): [string, string][] => {
    const path = directory === '' ? name : `${directory}/${name}`;
    const stat = lstatSync(join(root, path));
    const mode = (stat.mode & 0o7777).toString(8);
    if (stat.isDirectory()) return [[path, `directory ${mode}`], ...list(root, path)];
    if (stat.isSymbolicLink()) return [[path, 'link 0']];
    return [[path, `${stat.isFile() ? 'file' : 'special'} ${mode}`]];
  });
}

describe('a build context', () => {
  it('has everything but owners and times: modes, links, pipes, empty directories, any name', async () => {
    plant(context, {
      'with blank': '',
      'ünï😀': '',
      'q\'u"o\\te': '',
      'deep/er/file': '',
      'empty/': '',
      'line\nend': '',
      '.hidden': '',
      '-dash': '',
    });
    chmodSync(join(context, 'with blank'), 0o4755);
    chmodSync(join(context, 'empty'), 0o1777);
    chmodSync(join(context, 'deep'), 0o700);
    chmodSync(context, 0o700); // the mode of the root is not sent
    symlinkSync('deep/er', join(context, 'inside'));
    symlinkSync('/etc/hostname', join(context, 'outside'));
    symlinkSync('nowhere', join(context, 'dangling'));
    execFileSync('mkfifo', ['-m', '640', join(context, 'pipe')]);
    expect(await readByHarness('')).toEqual(await readByDocker(''));
  });

  it('has the directories above an exception, with their modes', async () => {
    plant(context, { 'src/deep/kept': '', 'src/other/gone': '' });
    chmodSync(join(context, 'src'), 0o711);
    chmodSync(join(context, 'src/deep'), 0o750);
    const ignore = '*\n!src/deep/kept';
    expect(await readByHarness(ignore)).toEqual(await readByDocker(ignore));
    expect(await readByHarness(ignore)).toEqual({
      src: 'directory 711',
      'src/deep': 'directory 750',
      'src/deep/kept': 'file 644',
    });
  });

  it('ignores `.dockerignore` if the Dockerfile has its own ignore file, even an empty one', async () => {
    plant(context, { '.dockerignore': 'a', a: '' });
    expect(await readByDocker('')).toEqual({ '.dockerignore': 'file 644', a: 'file 644' });
  });
});

describe('the ignore file', () => {
  beforeEach(() => {
    plant(context, { ...Object.fromEntries(FILES.map((path) => [path, path])), 'empty/': '' });
    symlinkSync('src', join(context, 'link'));
  });

  it.each(IGNORE_CASES)('$title', async ({ ignore, ignored }) => {
    const seen = await readByDocker(ignore);
    expect(await readByHarness(ignore)).toEqual(seen);
    // This also tests the table itself, which the unit tests rely on.
    const missing = list(context, '').flatMap(([path]) => (path in (seen as object) ? [] : [path]));
    expect(missing.filter((path) => !missing.includes(dirname(path))).sort()).toEqual([...ignored].sort());
  });
});

/** Names of few letters, so that random patterns match them. */
const NAME = fc.stringMatching(/^[ab.é \]^|{}]{1,3}$/).filter((name) => name.trim() === name && !/^\.+$/.test(name));
const PATH = fc.array(NAME, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
const PIECE = fc.oneof(
  { weight: 4, arbitrary: NAME },
  { weight: 5, arbitrary: fc.constantFrom('*', '**', '?', '/', '/', '**/', '/**', 'a', 'b') },
  { weight: 1, arbitrary: fc.constantFrom('[ab]', '[^a]', '[a-é]', '\\a', '\\.', '\\*', '..', './', '//', '{1}', ' ') },
);
const LINE = fc
  .tuple(
    fc.constantFrom('', '', '!', '! ', '#', ' ', '/', '!/'),
    fc.array(PIECE, { minLength: 1, maxLength: 4 }),
    fc.constantFrom('', '', '/', ' ', '\r'),
  )
  .map(([before, pieces, after]) => before + pieces.join('') + after);
const IGNORE = fc.oneof(
  { weight: 3, arbitrary: fc.array(LINE, { minLength: 1, maxLength: 5 }) },
  // Matchers differ in exceptions from excluded paths, and in exceptions from those.
  {
    weight: 2,
    arbitrary: fc
      .array(LINE, { minLength: 1, maxLength: 4 })
      .map((lines) => ['**', ...lines.map((line) => `!${line}`)]),
  },
  {
    weight: 2,
    arbitrary: fc
      .array(PATH, { minLength: 2, maxLength: 6 })
      .map((paths) => ['a*', ...paths.map((path, i) => (i % 2 ? path : `!${path}`))]),
  },
);

const RUNS = Number(process.env['HARNESS_IGNORE_RUNS'] ?? 40);

describe('random trees and ignore files', () => {
  it(
    'are read as in BuildKit',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.uniqueArray(PATH, { minLength: 3, maxLength: 14 }), IGNORE, async (paths, lines) => {
          rmSync(context, { recursive: true, force: true });
          mkdirSync(context);
          for (const path of paths) {
            try {
              plant(context, { [path]: '' });
            } catch {
              // it needs a directory where another path has a file: skip it
            }
          }
          const ignore = lines.join('\n');
          const seen = await readByDocker(ignore);
          if (seen !== REFUSED) expect(await readByHarness(ignore)).toEqual(seen);
        }),
        {
          numRuns: RUNS,
          examples: [
            [
              ['a/b', 'a/a', 'ab/b'],
              ['a', '!a/b', 'a*'],
            ],
            [
              ['|', 'b', 'a'],
              ['**', '!{1}*', '!a'],
            ],
          ],
        },
      );
    },
    Math.max(120_000, RUNS * 3_000),
  );
});
