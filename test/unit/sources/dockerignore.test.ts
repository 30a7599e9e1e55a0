import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { IgnoreRules, type IgnoreMatch } from '../../../src/sources/dockerignore.ts';
import { FILES, IGNORE_CASES } from '../../support/ignore-cases.ts';

/** Every path of the tree, directories before what is in them. */
const PATHS = [
  ...new Set(['empty', 'link', ...FILES.flatMap((file) => (file.includes('/') ? [...parents(file), file] : [file]))]),
];

function parents(path: string): string[] {
  const directory = dirname(path);
  return directory === '.' ? [] : [...parents(directory), directory];
}

/**
 * What is left out, found as a walk finds it: below an ignored directory only where an exception
 * may lie.
 */
function leftOut(ignore: string): string[] {
  const rules = new IgnoreRules(ignore);
  const standings = new Map<string, IgnoreMatch | undefined>([['.', undefined]]);
  const kept = new Set<string>();
  for (const path of PATHS) {
    const directory = dirname(path);
    if (!standings.has(directory)) continue; // its directory is not walked
    const standing = rules.match(path, standings.get(directory));
    if (!standing.ignored) [...parents(path), path].forEach((seen) => kept.add(seen));
    if (!standing.ignored || rules.mayHoldExceptions(path)) standings.set(path, standing);
  }
  const gone = PATHS.filter((path) => !kept.has(path));
  return gone.filter((path) => !gone.includes(dirname(path))).sort();
}

describe('the rules of an ignore file', () => {
  it.each(IGNORE_CASES)('$why', ({ ignore, gone }) => {
    expect(leftOut(ignore)).toEqual([...gone].sort());
  });

  it('do not ask to walk what nothing lets in again', () => {
    const rules = new IgnoreRules('node_modules\nsrc\n!src/keep/*.txt\n!**/*.md');
    expect(rules.mayHoldExceptions('src')).toBe(true);
    expect(new IgnoreRules('node_modules\nsrc\n!src/keep/*.txt').mayHoldExceptions('node_modules')).toBe(false);
    expect(new IgnoreRules('node_modules\n!node_modules_too').mayHoldExceptions('node_modules')).toBe(false);
    expect(rules.mayHoldExceptions('node_modules')).toBe(true); // `**/*.md` may be anywhere
  });

  it.each(['[', '[a-', '!', 'a\\', '[b-a]', 'f\\e', '!f\\e', '[[:none:]]'])(
    'take %j, which Docker refuses, for a pattern that matches nothing',
    (ignore) => {
      expect(leftOut(ignore)).toEqual([]);
    },
  );
});
