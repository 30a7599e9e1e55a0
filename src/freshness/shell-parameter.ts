/** What `${NAME…}` does with the parameter's value. */
export type Operation =
  | { kind: 'value' }
  | { kind: '-' | '+' | '?'; emptyIsUnset: boolean; word: string }
  | { kind: '#' | '%'; greedy: boolean; pattern: string }
  | { kind: 'replace'; all: boolean; pattern: string; replacement: string };

/** The expansion is not possible; BuildKit would fail the build. */
export class InvalidParameter extends Error {}

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
      return (value ?? '').replace(new RegExp(`^${source(operation.pattern, operation.greedy)}`), '');
    case '%':
      return withoutEnd(value ?? '', operation.pattern, operation.greedy);
    case 'replace':
      return (value ?? '').replace(
        new RegExp(source(operation.pattern, true), operation.all ? 'g' : ''),
        () => operation.replacement,
      );
  }
}

function isUnset(value: string | undefined, { emptyIsUnset }: { emptyIsUnset: boolean }): boolean {
  return value === undefined || (emptyIsUnset && value === '');
}

/** Cuts off the shortest or the longest end that fits. */
function withoutEnd(value: string, pattern: string, greedy: boolean): string {
  const fits = new RegExp(`^${source(pattern, true)}$`);
  const starts = [...Array(value.length + 1).keys()];
  const start = (greedy ? starts : starts.toReversed()).find((at) => fits.test(value.slice(at)));
  return start === undefined ? value : value.slice(0, start);
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
    if (char === '*') result += greedy ? '.*' : '.*?';
    else if (char === '?') result += '.';
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
