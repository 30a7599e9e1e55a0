import { scalarTokens } from './yaml-tokens.ts';

/** Why a document cannot be read, and where: an offset in the text, or a line once that is known. */
export class YamlProblem extends Error {
  readonly place: number | undefined;

  constructor(message: string, place: number | undefined) {
    super(message);
    this.place = place;
  }
}

const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/;
const SEPARATOR = /[\u2028\u2029]/;
/** Lone halves of a character, which JSON has and YAML has not. */
const HALF = /(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F]/;

/**
 * A text with only `\n` as line breaks. YAML 1.1 knows more of them.
 * @throws YamlProblem for what YAML does not allow, with its line
 */
export function normalizeLines(text: string): string {
  const lineOf = (offset: number) => text.slice(0, offset).split('\n').length;
  const control = text.search(CONTROL);
  if (control !== -1) throw new YamlProblem('control characters are not allowed', lineOf(control));
  const lines = text.replaceAll(/\r\n?|\x85/g, '\n');
  if (HALF.test(lines)) {
    const half = scalarTokens(lines).find(({ type, source }) => type === 'double-quoted-scalar' && HALF.test(source));
    if (half)
      throw new YamlProblem(
        '`\\ud800` to `\\udfff` are halves of a character; write the character',
        lineOf(half.offset),
      );
  }
  return SEPARATOR.test(lines) ? withoutSeparators(lines) : lines;
}

/** U+2028 and U+2029 are line breaks, too, but stay what they are in quotes and in blocks. */
function withoutSeparators(text: string): string {
  let result = '';
  let from = 0;
  const breakLines = (part: string) => part.replaceAll(new RegExp(SEPARATOR, 'g'), '\n');
  for (const token of scalarTokens(text)) {
    const { type, source } = token;
    if (type === 'scalar') continue;
    const start = type === 'block-scalar' ? text.indexOf(source, token.offset) : token.offset;
    result += breakLines(text.slice(from, start));
    result += type === 'block-scalar' ? source : source.replaceAll(/[ \t]*([\u2028\u2029])[ \t]*/g, '$1');
    from = start + source.length;
  }
  return result + breakLines(text.slice(from));
}
