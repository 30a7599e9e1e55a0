import { findMatch, type ShellPattern } from '../patterns/shell-pattern.ts';

/** What `${NAME…}` does with the parameter's value. */
export type Operation =
  | { kind: 'value' }
  | { kind: '-' | '+' | '?'; emptyIsUnset: boolean; word: string }
  | { kind: '#' | '%'; greedy: boolean; pattern: string }
  | { kind: 'replace'; all: boolean; pattern: string; replacement: string };

/** The expansion is not possible; BuildKit would fail the build. */
class InvalidParameter extends Error {}

/** The text that `${NAME…}` stands for. @throws InvalidParameter */
export function expandParameter(name: string, value: string | undefined, operation: Operation): string {
  switch (operation.kind) {
    case 'value':
      return value ?? '';
    case '-':
      return isUnset(value, operation) ? operation.word : (value ?? '');
    case '+':
      return isUnset(value, operation) ? '' : operation.word;
    case '?':
      if (isUnset(value, operation)) throw new InvalidParameter(`${name}: ${operation.word || 'is not set'}`);
      return value ?? '';
    case '#':
      return withoutStart([...(value ?? '')], parsePattern(operation.pattern), operation.greedy).join('');
    case '%': {
      // From the end, the end is the start.
      const [chars, pattern] = [[...(value ?? '')].reverse(), parsePattern(operation.pattern).reverse()];
      return withoutStart(chars, pattern, operation.greedy).reverse().join('');
    }
    case 'replace':
      return operation.all ? replaceAll(value ?? '', operation) : replaceFirst(value ?? '', operation);
  }
}

/** `${NAME…}` with its words expanded. */
export function writeParameter(name: string, operation: Operation): string {
  switch (operation.kind) {
    case 'value':
      return `\${${name}}`;
    case '-':
    case '+':
    case '?':
      return `\${${name}${operation.emptyIsUnset ? ':' : ''}${operation.kind}${operation.word}}`;
    case '#':
    case '%':
      return `\${${name}${operation.kind.repeat(operation.greedy ? 2 : 1)}${operation.pattern}}`;
    case 'replace':
      return `\${${name}/${operation.pattern}/${operation.replacement}}`;
  }
}

interface Replacement {
  pattern: string;
  replacement: string;
}

function replaceFirst(value: string, { pattern, replacement }: Replacement): string {
  const chars = [...value];
  const match = findMatch(parsePattern(pattern), chars, 0);
  if (!match) return value;
  return chars.slice(0, match.start).join('') + replacement + chars.slice(match.longest).join('');
}

/**
 * As Go replaces: an empty match right after another one does not count, and `$` is special in the
 * replacement. `$0` is the match, any other name is empty, because the pattern has no groups.
 */
function replaceAll(value: string, { pattern, replacement }: Replacement): string {
  const chars = [...value];
  const parsed = parsePattern(pattern);
  const result: string[] = [];
  let at = 0;
  for (let end = 0; at <= chars.length;) {
    const match = findMatch(parsed, chars, at);
    if (!match) break;
    const { start, longest } = match;
    result.push(...chars.slice(at, start));
    const isEmpty = longest === start;
    if (!isEmpty || start === 0 || start !== end) result.push(filledIn(replacement, chars.slice(start, longest)));
    end = longest;
    if (isEmpty) result.push(...chars.slice(start, start + 1));
    at = isEmpty ? start + 1 : longest;
  }
  return result.join('') + chars.slice(at).join('');
}

function filledIn(replacement: string, match: readonly string[]): string {
  return replacement.replace(
    /\$(?:\$|([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\})/gu,
    (sign, plain?: string, braced?: string) => (sign === '$$' ? '$' : (plain ?? braced) === '0' ? match.join('') : ''),
  );
}

function isUnset(value: string | undefined, { emptyIsUnset }: { emptyIsUnset: boolean }): boolean {
  return value === undefined || (emptyIsUnset && value === '');
}

/** Cuts off the shortest or the longest start that fits. */
function withoutStart(chars: string[], pattern: ShellPattern, greedy: boolean): string[] {
  const match = findMatch(pattern, chars, 0, true);
  return match ? chars.slice(greedy ? match.longest : match.shortest) : chars;
}

/**
 * Reads a pattern of a shell: `*`, `?`, and `\` before one of these or itself. A `\` before `}` or `/`
 * belongs to the notation and not to the pattern.
 */
function parsePattern(pattern: string): ShellPattern {
  const chars = [...pattern];
  const result: ShellPattern = [];
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at] as string;
    const next = chars[at + 1] ?? '';
    if (char === '*') result.push('any');
    else if (char === '?') result.push('one');
    else if (char !== '\\') result.push({ char });
    else if (next !== '}' && next !== '/') {
      if (!['*', '?', '\\'].includes(next)) throw new InvalidParameter(`invalid escape \\${next}`);
      result.push({ char: next });
      at++;
    }
  }
  return result;
}
