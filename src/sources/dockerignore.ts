import { posix } from 'node:path';
import { fromGo } from './go-regexp.ts';

/** One line of an ignore file, ready to match. */
interface Pattern {
  negated: boolean;
  matches: (path: string) => boolean;
  /** The cleaned pattern, to tell whether a negation could reach below a directory. */
  text: string;
}

/**
 * What an ignore file lets through, by Docker's rules: the last pattern that matches a path, or a
 * directory above it, decides. Its matcher has corners that no documentation names; they are kept,
 * because a file that is thought left out and is not ends in an image that is thought fresh and is
 * not. Source: github.com/moby/patternmatcher, and "`.dockerignore` files" in Docker's build
 * reference.
 */
export class IgnoreRules {
  readonly #patterns: Pattern[];

  constructor(text: string) {
    this.#patterns = readLines(text).flatMap(toPattern);
  }

  /**
   * Whether a path (relative, `/` as separator) is left out of the context.
   * @param parent the answer for the directory that holds it
   */
  match(path: string, parent: IgnoreMatch = NO_MATCH): IgnoreMatch {
    if (this.#patterns.length === 0) return NO_MATCH;
    let ignored = false;
    const matched: boolean[] = [];
    for (const [index, pattern] of this.#patterns.entries()) {
      // A pattern that could not turn the answer is not tried, and so does not count as matched for
      // what lies below, either.
      const hit = parent.matched[index] === true || (pattern.negated === ignored && pattern.matches(path));
      matched.push(hit);
      if (hit) ignored = !pattern.negated;
    }
    return { ignored, matched };
  }

  /**
   * Whether anything below an ignored directory could be let in again by a negation; if not, it
   * need not be walked.
   */
  mayHoldExceptions(directory: string): boolean {
    return this.#patterns.some((pattern) => {
      if (!pattern.negated) return false;
      const literal = /[{|^]/.test(pattern.text) ? '' : (pattern.text.split(/[*?[\]\\]/, 1)[0] ?? '');
      // Either the exception lies below the directory, or its wildcard begins early enough to reach
      // into it.
      return literal.startsWith(`${directory}/`) || (literal !== pattern.text && `${directory}/`.startsWith(literal));
    });
  }
}

/** How a path stands: left out or not, and which patterns it or a directory above it matched. */
export interface IgnoreMatch {
  ignored: boolean;
  matched: readonly boolean[];
}

const NO_MATCH: IgnoreMatch = { ignored: false, matched: [] };

/** The patterns of an ignore file, as Docker's reader hands them to its matcher. */
function readLines(text: string): string[] {
  const patterns: string[] = [];
  for (const line of text.replace(/^\uFEFF/, '').split('\n')) {
    if (line.startsWith('#')) continue; // before trimming: only a `#` in the first column is a comment
    const trimmed = trim(line);
    if (trimmed === '') continue;
    const negated = trimmed.startsWith('!');
    const path = negated ? trim(trimmed.slice(1)) : trimmed;
    const cleaned = path === '' ? '' : clean(path);
    patterns.push(`${negated ? '!' : ''}${cleaned.length > 1 && cleaned.startsWith('/') ? cleaned.slice(1) : cleaned}`);
  }
  return patterns;
}

/**
 * The matcher looks for the `!` itself and cleans once more, so that `/!x` and `/ x` mean what `!x`
 * and `x` do.
 */
function toPattern(given: string): Pattern[] {
  const trimmed = trim(given);
  if (trimmed === '') return [];
  const cleaned = clean(trimmed);
  const negated = cleaned.startsWith('!');
  const text = negated ? cleaned.slice(1) : cleaned;
  return text === '' ? [] : [{ negated, text, matches: toMatcher(text) }];
}

/** White space as Go knows it; JavaScript's differs in two characters. */
function trim(text: string): string {
  const space = '[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+';
  return text.replace(new RegExp(`^${space}`), '').replace(new RegExp(`${space}$`), '');
}

function clean(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}

/**
 * `*` and `?` stop at `/`, `**` does not, `[…]` is a class, `\` takes the next character as it is.
 * A pattern whose only wildcard is a `**` at its beginning or end is compared as text: `**x` is
 * whatever ends in `x`.
 */
function toMatcher(pattern: string): (path: string) => boolean {
  let how: 'exact' | 'prefix' | 'suffix' | 'regexp' = 'exact';
  let source = '';
  const chars = [...pattern];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] as string;
    if (char === '*' && chars[i + 1] === '*') {
      const isFirst = i === 0;
      i++;
      if (chars[i + 1] === '/') i++; // `**/x` is also `x`
      const isLast = i + 1 >= chars.length;
      source += isLast ? '.*' : '(.*/)?';
      how = isFirst ? 'suffix' : isLast && how === 'exact' ? 'prefix' : 'regexp';
      continue;
    }
    if ('*?\\[]'.includes(char)) how = 'regexp';
    if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '\\') source += `\\${chars[++i] ?? ''}`;
    else source += '.+()$'.includes(char) ? `\\${char}` : char; // Docker means to escape `{|}` as well, and does not
  }
  switch (how) {
    case 'exact':
      return (path) => path === pattern;
    case 'prefix':
      return (path) => path.startsWith(pattern.slice(0, -2));
    case 'suffix': {
      const suffix = pattern.slice(2);
      return (path) => path.endsWith(suffix) || (suffix.startsWith('/') && path === suffix.slice(1));
    }
    case 'regexp': {
      // What Go does not understand ends every build that comes to try it, so no image can depend
      // on it.
      const regexp = fromGo(`^${source}$`);
      return (path) => regexp?.test(path) ?? false;
    }
  }
}
