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
 * Proves the ignore rules on what BuildKit really sends: each case is built (`FROM scratch`, `COPY . /`), and what comes out is held against
 * the harness's own reading of the same directory.
 */

let base: string;
let context: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'ignore-'));
  context = join(base, 'context');
  mkdirSync(context);
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

/** A build that Docker refuses because of its ignore file. */
const REFUSED = 'refused';

/**
 * Our reading, as path to kind and mode. Contents stay out of it: BuildKit itself loses some where
 * its two matchers disagree.
 */
async function ours(ignore: string): Promise<Record<string, string>> {
  const { files } = await readContext(context, ignore, join(base, 'index'));
  return Object.fromEntries([...files.entries()].map(([path, line]) => [path, line.split(' ').slice(0, 2).join(' ')]));
}

/** What a build sees, in the same form. */
async function dockers(ignore: string): Promise<Record<string, string> | typeof REFUSED> {
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
  it('holds everything but owners and times: modes, links, pipes, empty directories, any name', async () => {
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
    chmodSync(context, 0o700); // the root's own mode does not travel
    symlinkSync('deep/er', join(context, 'inside'));
    symlinkSync('/etc/hostname', join(context, 'outside'));
    symlinkSync('nowhere', join(context, 'dangling'));
    execFileSync('mkfifo', ['-m', '640', join(context, 'pipe')]);
    expect(await ours('')).toEqual(await dockers(''));
  });

  it('holds the directories on the way to an exception, with their modes', async () => {
    plant(context, { 'src/deep/kept': '', 'src/other/gone': '' });
    chmodSync(join(context, 'src'), 0o711);
    chmodSync(join(context, 'src/deep'), 0o750);
    const ignore = '*\n!src/deep/kept';
    expect(await ours(ignore)).toEqual(await dockers(ignore));
    expect(await ours(ignore)).toEqual({
      src: 'directory 711',
      'src/deep': 'directory 750',
      'src/deep/kept': 'file 644',
    });
  });

  it('is held back by no `.dockerignore` where the Dockerfile has an ignore file of its own, and an empty one', async () => {
    plant(context, { '.dockerignore': 'a', a: '' });
    expect(await dockers('')).toEqual({ '.dockerignore': 'file 644', a: 'file 644' });
  });
});

describe('the ignore file', () => {
  beforeEach(() => {
    plant(context, { ...Object.fromEntries(FILES.map((path) => [path, path])), 'empty/': '' });
    symlinkSync('src', join(context, 'link'));
  });

  it.each(IGNORE_CASES)('$why', async ({ ignore, gone }) => {
    const seen = await dockers(ignore);
    expect(await ours(ignore)).toEqual(seen);
    // The table itself is proved as well: the unit tests take it for the truth.
    const lost = list(context, '').flatMap(([path]) => (path in (seen as object) ? [] : [path]));
    expect(lost.filter((path) => !lost.includes(dirname(path))).sort()).toEqual([...gone].sort());
  });
});

/** Names made of few letters, so that random patterns hit them. */
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
  // Exceptions in what was left out, and exceptions in those, are where matchers differ.
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
    'are read as BuildKit reads them',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.uniqueArray(PATH, { minLength: 3, maxLength: 14 }), IGNORE, async (paths, lines) => {
          rmSync(context, { recursive: true, force: true });
          mkdirSync(context);
          for (const path of paths) {
            try {
              plant(context, { [path]: '' });
            } catch {
              // it wants a directory where another path has put a file: one path less
            }
          }
          const ignore = lines.join('\n');
          const seen = await dockers(ignore);
          if (seen !== REFUSED) expect(await ours(ignore)).toEqual(seen);
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
