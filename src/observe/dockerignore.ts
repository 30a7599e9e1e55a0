import { posix } from 'node:path';

/** One line of an ignore file, ready to match. */
interface Pattern {
  negated: boolean;
  regexp: RegExp;
  /** The cleaned pattern, to tell whether a negation could reach below a directory. */
  text: string;
}

/**
 * What an ignore file lets through, by Docker's rules: the last pattern that matches a path, or a directory above it, decides.
 * Source: github.com/moby/patternmatcher, and "`.dockerignore` files" in Docker's build reference.
 */
export class IgnoreRules {
  readonly #patterns: Pattern[];

  constructor(text: string) {
    this.#patterns = readLines(text).map(toPattern);
  }

  /**
   * Whether a path (relative, `/` as separator) is left out of the context.
   * @param parentIgnored the answer for the directory that holds it, and how each pattern stood there (see `enter`)
   */
  match(path: string, parent: Standing = NO_STANDING): Standing {
    if (this.#patterns.length === 0) return NO_STANDING;
    let ignored = false;
    const matched: boolean[] = [];
    for (const [index, pattern] of this.#patterns.entries()) {
      const hit = parent.matched[index] === true || pattern.regexp.test(path);
      matched.push(hit);
      if (hit) ignored = !pattern.negated;
    }
    return { ignored, matched };
  }

  /** Whether anything below an ignored directory could be let in again by a negation; if not, it need not be walked. */
  mayHoldExceptions(directory: string): boolean {
    return this.#patterns.some((pattern) => {
      if (!pattern.negated) return false;
      const literal = pattern.text.split(/[*?[\\]/, 1)[0] ?? '';
      // Either the exception lies below the directory, or its wildcard begins early enough to reach into it.
      return literal.startsWith(`${directory}/`) || (literal !== pattern.text && `${directory}/`.startsWith(literal));
    });
  }
}

/** How a path stands: left out or not, and which patterns it or a directory above it matched. */
export interface Standing {
  ignored: boolean;
  matched: readonly boolean[];
}

const NO_STANDING: Standing = { ignored: false, matched: [] };

function readLines(text: string): string[] {
  return text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .filter((line) => !line.startsWith('#')) // before trimming: only a `#` in the first column is a comment
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function toPattern(line: string): Pattern {
  const negated = line.startsWith('!');
  const rest = negated ? line.slice(1).trim() : line;
  const clean = rest === '' ? '' : posix.normalize(rest).replace(/\/+$/, '');
  const text = clean.length > 1 && clean.startsWith('/') ? clean.slice(1) : clean;
  return { negated, text, regexp: toRegExp(text) };
}

/** `*` and `?` stop at `/`, `**` does not, `[…]` is a class, `\` takes the next character as it is. */
function toRegExp(pattern: string): RegExp {
  let source = '^';
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern.charAt(i);
    if (char === '*' && pattern[i + 1] === '*') {
      i++;
      if (pattern[i + 1] === '/') i++; // `**/x` is also `x`
      if (i + 1 >= pattern.length) source += '.*';
      else source += '(.*/)?';
    } else if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '\\') {
      i++;
      source += escape(pattern.charAt(i));
    } else if (char === '[') {
      const end = pattern.indexOf(']', i + 2);
      if (end === -1) source += '\\[';
      else {
        const body = pattern.slice(i + 1, end);
        source += `[${body.replaceAll('[', '\\[')}]`;
        i = end;
      }
    } else source += escape(char);
  }
  return new RegExp(`${source}$`, 's');
}

function escape(char: string): string {
  return /[.+^$(){}|[\]\\/*?]/.test(char) ? `\\${char}` : char;
}
