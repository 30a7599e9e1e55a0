import { describe, expect, it } from 'vitest';
import { fromGo } from '../../../src/patterns/go-regexp.ts';

describe("Go's regular expressions", () => {
  it.each([
    ['^a\\.b$', 'a.b', 'axb'],
    ['^\\d\\D\\w\\W$', '1a_-', 'aa_-'],
    ['^\\s\\S$', ' a', '\u00a0a'],
    ['^\\a\\f\\n\\r\\t\\v$', '\x07\f\n\r\t\v', 'afnrtv'],
    ['^\\x41\\101\\0$', 'AA\0', 'AA0'],
    ['^\\pL\\PL$', 'ü1', '11'],
    ['^[^a]$', '\n', 'a'],
    ['^[a-c]$', 'b', 'd'],
    ['^[]a]$', ']', 'b'],
    ['^[^]a]$', 'b', ']'],
    ['^[a\\]]$', ']', '\\'],
    ['^[a-]$', '-', 'b'],
    ['^[\\d-]$', '-', 'd'],
    ['^[\\w]$', '_', 'w]'],
    ['^[[:digit:]x]$', '7', '['],
    ['^[[:^digit:]]$', 'x', '7'],
    ['^[[:]$', ':', 'a'],
    ['^[[^/]*]$', '[/^]', 'x]'],
    ['^[&&a]$', '&', 'x'],
    ['^.$', '\r', '\n'],
    ['^.$', '😀', '😀😀'],
    ['^[^/]$', '😀', '/'],
    ['^ab{2}$', 'abb', 'ab{2}'],
    ['^{1}[^/]*$', 'b', 'b/b'],
    ['^*a$', 'xa', 'ab'],
    ['^a${1}', 'a', 'ab'],
    ['^a{,2}$', 'a{,2}', 'aa'],
    ['^a{b,c}$', 'a{b,c}', 'ab'],
    ['^a|b$', 'xb', 'xc'],
    ['^a]$', 'a]', 'a'],
    ['^\\Aa\\z$', 'a', 'b'],
    ['^\\ba\\b$', 'a', 'aa'],
    ['^\\- \\/$', '- /', '\\- /'],
    ['^\\Qa*\\E*$', 'a**', 'aa'],
    ['^\\p{Lu}\\P{Greek}$', 'Ab', 'Aβ'],
    ['^\\p{^Lu}$', 'a', 'A'],
    ['^[\\x{e9}-\\x{eb}]$', 'ê', 'e'],
    ['^a{2,3}$', 'aaa', 'aaaa'],
    ['^a{2,}?$', 'aaaa', 'a'],
    ['^(ab|c)+$', 'abcab', 'aba'],
    ['^a{01}$', 'a{01}', 'a'],
    ['\\Bb\\b', 'ab', 'b'],
  ])('%s matches %j and not %j', (source, hit, miss) => {
    const regexp = fromGo(source);
    expect(regexp?.test(hit)).toBe(true);
    expect(regexp?.test(miss)).toBe(false);
  });

  it.each([
    '\\e',
    '\\8',
    '\\ü',
    '[a',
    '[',
    '[b-a]',
    '[a-\\d]',
    '[\\b]',
    '[[:none:]]',
    'a**',
    '\\',
    'a{1001}',
    'a{2,1}',
    'a{2}{3}',
    '(a',
    'a)',
    '\\p{None}',
  ])('%s is not valid', (source) => {
    expect(fromGo(source)).toBeUndefined();
  });

  // A matcher that tries one way after another would need years for these.
  it.each([
    [`^${'(.*/)?'.repeat(30)}x[^/]*y$`, 'd/'.repeat(2_000)],
    [`^${'[^/]*a'.repeat(30)}b$`, 'a'.repeat(4_000)],
    [`^${'a*'.repeat(1_000)}b$`, 'a'.repeat(4_000)],
    [`[ab]${'[^/]{1000}'.repeat(5)}x$`, 'ab'.repeat(2_000)],
  ])('%s is matched in linear time', (source, text) => {
    expect(fromGo(source)?.test(text)).toBe(false);
  });
});
