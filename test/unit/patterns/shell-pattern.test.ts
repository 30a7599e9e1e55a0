import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findMatch, type ShellPattern } from '../../../src/patterns/shell-pattern.ts';

const parse = (text: string): ShellPattern =>
  [...text].map((char) => (char === '*' ? 'any' : char === '?' ? 'one' : { char }));

const regexp = (text: string, lazy: boolean, anchored: boolean) => {
  const parts = [...text].map((char) => {
    if (char === '*') return lazy ? '[^\\n]*?' : '[^\\n]*';
    return char === '?' ? '[^\\n]' : char;
  });
  return new RegExp(`${anchored ? '^' : ''}${parts.join('')}`, 'u');
};

describe('a match of a shell pattern', () => {
  it('is the one that a regular expression finds, shortest and longest', () => {
    const letters = (...extra: string[]) => fc.string({ unit: fc.constantFrom('a', 'b', ...extra), maxLength: 8 });
    fc.assert(
      fc.property(letters('*', '?'), letters('\n', 'c'), fc.boolean(), (pattern, text, anchored) => {
        const found = findMatch(parse(pattern), [...text], 0, anchored);
        const longest = regexp(pattern, false, anchored).exec(text);
        const shortest = regexp(pattern, true, true).exec(text.slice(found?.start));
        expect(found && { start: found.start, longest: found.longest - found.start }).toEqual(
          longest ? { start: longest.index, longest: longest[0].length } : undefined,
        );
        if (found) expect(found.shortest - found.start).toBe(shortest?.[0].length);
      }),
      { numRuns: 3_000 },
    );
  });

  it('is found in linear time: a RegExp would not come to an end', () => {
    const text = 'a'.repeat(20_000);
    expect(findMatch(parse(`${'*a'.repeat(30)}*b`), [...text], 0)).toBeUndefined();
    expect(findMatch(parse(`${'?*'.repeat(30)}b`), [...text], 0, true)).toBeUndefined();
  });
});
