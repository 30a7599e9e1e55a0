import { posix } from 'node:path';
import { trimGoSpace } from './go-space.ts';
import { fromGo } from './go-regexp.ts';

/** One parsed line of an ignore file. */
interface Pattern {
  negated: boolean;
  matches: (path: string) => boolean;
  /** The cleaned pattern, to find out whether a negation may match below a directory. */
  text: string;
}

/**
 * The rules of an ignore file, as Docker applies them: the last pattern that matches a path, or a
 * directory above it, decides. Docker's matcher has undocumented corner cases, and they are
 * reproduced here. Otherwise a file could count as ignored that is in the context, and a stale
 * image would count as fresh. Source: github.com/moby/patternmatcher, and "`.dockerignore` files"
 * in Docker's build reference.
 */
export class IgnoreRules {
  readonly #patterns: Pattern[];

  constructor(text: string) {
    this.#patterns = readLines(text).flatMap(toPattern);
  }

  /**
   * Whether a path (relative, with `/` as separator) is excluded from the context.
   * @param parent the result for the directory that contains it
   */
  match(path: string, parent: IgnoreMatch = NO_MATCH): IgnoreMatch {
    if (this.#patterns.length === 0) return NO_MATCH;
    let ignored = false;
    const matched: boolean[] = [];
    for (const [index, pattern] of this.#patterns.entries()) {
      // A pattern that could not change the result is not tried. So it does not count as matched
      // for the paths below either.
      const isMatch = parent.matched[index] === true || (pattern.negated === ignored && pattern.matches(path));
      matched.push(isMatch);
      if (isMatch) ignored = !pattern.negated;
    }
    return { ignored, matched };
  }

  /**
   * Whether a negation may include something below an ignored directory again. If not, the
   * directory need not be walked.
   */
  mayHoldExceptions(directory: string): boolean {
    return this.#patterns.some((pattern) => {
      if (!pattern.negated) return false;
      const literal = /[{|^]/.test(pattern.text) ? '' : (pattern.text.split(/[*?[\]\\]/, 1)[0] ?? '');
      // Either the exception is below the directory, or its wildcard begins early enough to match
      // paths in it.
      return literal.startsWith(`${directory}/`) || (literal !== pattern.text && `${directory}/`.startsWith(literal));
    });
  }
}

/** The result for a path, and which patterns matched it or a directory above it. */
export interface IgnoreMatch {
  ignored: boolean;
  matched: readonly boolean[];
}

const NO_MATCH: IgnoreMatch = { ignored: false, matched: [] };

/** The patterns of an ignore file, as Docker's reader passes them to its matcher. */
function readLines(text: string): string[] {
  const patterns: string[] = [];
  for (const line of text.replace(/^\uFEFF/, '').split('\n')) {
    if (line.startsWith('#')) continue; // before trimming: only a `#` in the first column is a comment
    const trimmed = trimGoSpace(line);
    if (trimmed === '') continue;
    const negated = trimmed.startsWith('!');
    const path = negated ? trimGoSpace(trimmed.slice(1)) : trimmed;
    const cleaned = path === '' ? '' : clean(path);
    patterns.push(`${negated ? '!' : ''}${cleaned.length > 1 && cleaned.startsWith('/') ? cleaned.slice(1) : cleaned}`);
  }
  return patterns;
}

/**
 * Docker's matcher looks for the `!` itself and cleans the pattern again. So `/!x` means `!x`, and
 * `/ x` means `x`.
 */
function toPattern(line: string): Pattern[] {
  const trimmed = trimGoSpace(line);
  if (trimmed === '') return [];
  const cleaned = clean(trimmed);
  const negated = cleaned.startsWith('!');
  const text = negated ? cleaned.slice(1) : cleaned;
  return text === '' ? [] : [{ negated, text, matches: toMatcher(text) }];
}

function clean(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}

/**
 * `*` and `?` stop at `/`, `**` does not, `[…]` is a class, and `\` makes the next character
 * literal. A pattern whose only wildcard is a `**` at its beginning or end is compared as text:
 * `**x` matches every path that ends in `x`.
 */
function toMatcher(pattern: string): (path: string) => boolean {
  let comparison: 'exact' | 'prefix' | 'suffix' | 'regexp' = 'exact';
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
      comparison = isFirst ? 'suffix' : isLast && comparison === 'exact' ? 'prefix' : 'regexp';
      continue;
    }
    if ('*?\\[]'.includes(char)) comparison = 'regexp';
    if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '\\') source += `\\${chars[++i] ?? ''}`;
    else source += '.+()$'.includes(char) ? `\\${char}` : char; // Docker intends to escape `{|}` too, but does not
  }
  switch (comparison) {
    case 'exact':
      return (path) => path === pattern;
    case 'prefix':
      return (path) => path.startsWith(pattern.slice(0, -2));
    case 'suffix': {
      const suffix = pattern.slice(2);
      return (path) => path.endsWith(suffix) || (suffix.startsWith('/') && path === suffix.slice(1));
    }
    case 'regexp': {
      // A pattern that is invalid in Go fails every build that tries it, so no image can depend on
      // it.
      const regexp = fromGo(`^${source}$`);
      return (path) => regexp?.test(path) ?? false;
    }
  }
}
