/** White space as Go defines it, in a character class: JavaScript's `\s` differs in two characters. */
const GO_SPACE = '[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';

const LEADING = new RegExp(`^${GO_SPACE}+`);
const ONE = new RegExp(`^${GO_SPACE}$`);

/** Whether a character is white space by Go's definition. */
export function isGoSpace(char: string): boolean {
  return ONE.test(char);
}

/** Trims white space by Go's definition at the beginning. */
export function trimGoSpaceStart(text: string): string {
  return text.replace(LEADING, '');
}

/** Trims white space by Go's definition at both ends. */
export function trimGoSpace(text: string): string {
  let end = text.length;
  // A regular expression for the end would try from each space in the text.
  while (isGoSpace(text.charAt(end - 1))) end--;
  return trimGoSpaceStart(text.slice(0, end));
}
