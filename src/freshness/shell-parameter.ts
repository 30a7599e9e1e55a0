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
      return (value ?? '').replace(new RegExp(`^${source(operation.pattern, operation.greedy)}`, 'u'), '');
    case '%':
      return withoutEnd(value ?? '', operation.pattern, operation.greedy);
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
  return value.replace(new RegExp(source(pattern, true), 'u'), () => replacement);
}

/**
 * As Go replaces: an empty match right after another one does not count, and `$` is special in the
 * replacement. `$0` is the match, any other name is empty, because the pattern has no groups.
 */
function replaceAll(value: string, { pattern, replacement }: Replacement): string {
  let end = 0;
  return value.replace(new RegExp(source(pattern, true), 'gu'), (match: string, start: number) => {
    if (start > 0 && start + match.length === end) return '';
    end = start + match.length;
    return replacement.replace(
      /\$(?:\$|([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\})/gu,
      (sign, plain?: string, braced?: string) => (sign === '$$' ? '$' : (plain ?? braced) === '0' ? match : ''),
    );
  });
}

function isUnset(value: string | undefined, { emptyIsUnset }: { emptyIsUnset: boolean }): boolean {
  return value === undefined || (emptyIsUnset && value === '');
}

/** Cuts off the shortest or the longest end that fits. */
function withoutEnd(value: string, pattern: string, greedy: boolean): string {
  const fits = new RegExp(`^${source(pattern, true)}$`, 'u');
  const chars = [...value];
  const starts = [...Array(chars.length + 1).keys()];
  const start = (greedy ? starts : starts.toReversed()).find((at) => fits.test(chars.slice(at).join('')));
  return start === undefined ? value : chars.slice(0, start).join('');
}

/**
 * A pattern of a shell as the source of a regular expression: `*`, `?`, and `\` before one of these or itself.
 * A `\` before `}` or `/` belongs to the notation and not to the pattern.
 */
function source(pattern: string, greedy: boolean): string {
  const chars = [...pattern];
  let result = '';
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at] as string;
    const next = chars[at + 1] ?? '';
    if (char === '*') result += greedy ? '[^\\n]*' : '[^\\n]*?';
    else if (char === '?') result += '[^\\n]';
    else if (char !== '\\') result += literal(char);
    else if (next !== '}' && next !== '/') {
      if (!['*', '?', '\\'].includes(next)) throw new InvalidParameter(`invalid escape \\${next}`);
      result += literal(next);
      at++;
    }
  }
  return result;
}

function literal(char: string): string {
  return /[\\^$.*+?()[\]{}|]/.test(char) ? `\\${char}` : char;
}
