import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { IgnoreRules, type IgnoreMatch } from '../../../src/patterns/dockerignore.ts';
import { FILES, IGNORE_CASES } from '../../support/ignore-cases.ts';

/** Every path of the tree, directories before their content. */
const PATHS = [
  ...new Set(['empty', 'link', ...FILES.flatMap((file) => (file.includes('/') ? [...parents(file), file] : [file]))]),
];

function parents(path: string): string[] {
  const directory = dirname(path);
  return directory === '.' ? [] : [...parents(directory), directory];
}

/**
 * The excluded paths, found as a walk finds them: an ignored directory is only entered if an
 * exception may be below it.
 */
function excluded(ignore: string): string[] {
  const rules = new IgnoreRules(ignore);
  const matches = new Map<string, IgnoreMatch | undefined>([['.', undefined]]);
  const kept = new Set<string>();
  for (const path of PATHS) {
    const directory = dirname(path);
    if (!matches.has(directory)) continue; // its directory is not walked
    const match = rules.match(path, matches.get(directory));
    if (!match.ignored) [...parents(path), path].forEach((seen) => kept.add(seen));
    if (!match.ignored || rules.mayHoldExceptions(path)) matches.set(path, match);
  }
  const missing = PATHS.filter((path) => !kept.has(path));
  return missing.filter((path) => !missing.includes(dirname(path))).sort();
}

describe('the rules of an ignore file', () => {
  it.each(IGNORE_CASES)('$title', ({ ignore, ignored }) => {
    expect(excluded(ignore)).toEqual([...ignored].sort());
  });

  it('need no walk below a directory if no exception can match there', () => {
    const rules = new IgnoreRules('node_modules\nsrc\n!src/keep/*.txt\n!**/*.md');
    expect(rules.mayHoldExceptions('src')).toBe(true);
    expect(new IgnoreRules('node_modules\nsrc\n!src/keep/*.txt').mayHoldExceptions('node_modules')).toBe(false);
    expect(new IgnoreRules('node_modules\n!node_modules_too').mayHoldExceptions('node_modules')).toBe(false);
    expect(rules.mayHoldExceptions('node_modules')).toBe(true); // `**/*.md` may be anywhere
  });

  // A matcher that tries one way after another would need hours for these.
  it.each([
    [`${'**/'.repeat(12)}x*y`, Array(60).fill('d').join('/')],
    ['*a'.repeat(12) + '*b', 'a'.repeat(250)],
    [`x${' '.repeat(200_000)}y`, 'x'],
  ])('are applied in linear time', (ignore, path) => {
    expect(new IgnoreRules(ignore).match(path).ignored).toBe(false);
  });

  it.each(['[', '[a-', '!', 'a\\', '[b-a]', 'f\\e', '!f\\e', '[[:none:]]'])(
    'treat %j, which Docker rejects, as a pattern that matches nothing',
    (ignore) => {
      expect(excluded(ignore)).toEqual([]);
    },
  );
});
