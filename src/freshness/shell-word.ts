import { isGoSpace } from '../patterns/go-space.ts';
import { expandParameter, writeParameter, type Operation } from './shell-parameter.ts';

/** How a text is read. */
export interface WordOptions {
  /** `\`, or `` ` `` after `# escape=`. */
  escape: string;
  /** Values of the parameters; undefined to keep the parameters. */
  values: ReadonlyMap<string, string> | undefined;
  /** Keep quotes and escape characters as they are written. */
  raw?: boolean;
}

/** The text is not valid; BuildKit would fail the build. */
class InvalidWord extends Error {}

/** Expands parameters and removes quotes, as BuildKit does in `FROM` and `ARG`. @throws InvalidWord */
export function expandWord(text: string, options: WordOptions): string {
  return new WordReader(text, options).readUntil(undefined, options.raw ? 'kept' : 'removed').text;
}

/** The same, split at white space outside of quotes. @throws InvalidWord */
export function expandWords(text: string, options: WordOptions): string[] {
  return new WordReader(text, options).readUntil(undefined, options.raw ? 'kept' : 'removed').words;
}

const SPECIAL_PARAMETERS = '@*#?-$!0';

/**
 * What becomes of escape characters. A pattern needs them: an escaped `*` is no wildcard there. In
 * quotes, where they escape nothing, they are doubled in a pattern to stand for themselves.
 */
type Escapes = 'removed' | 'kept' | 'pattern';

class WordReader {
  readonly #chars: string[];
  readonly #options: WordOptions;
  #at = 0;
  #words: WordSplitter | undefined;

  constructor(text: string, options: WordOptions) {
    this.#chars = [...text.replace(/^\uFEFF/, '')]; // as Go's scanner of texts
    this.#options = options;
  }

  /** Reads up to a character, which is consumed, or to the end. */
  readUntil(stop: string | undefined, escapes: Escapes): { text: string; words: string[] } {
    const outer = this.#words;
    outer?.forgetWord(); // BuildKit uses the same buffer for the word inside of `${…}`
    const words = (this.#words = new WordSplitter());
    while (this.#at < this.#chars.length) {
      const char = this.#chars[this.#at] as string;
      if (char === stop) {
        this.#at++;
        this.#words = outer;
        return words.finish();
      }
      if (char === "'") words.addQuoted(this.#singleQuoted(escapes));
      else if (char === '"') words.addQuoted(this.#doubleQuoted(escapes));
      else if (char === '$') words.add(this.#parameter());
      else if (char === '<') words.addQuoted(this.#lessThan());
      else if (char === this.#options.escape) {
        this.#at++;
        const next = this.#next() ?? '';
        words.addQuoted((escapes === 'removed' ? '' : char) + next);
      } else words.add(this.#next() as string);
    }
    if (stop !== undefined) throw new InvalidWord(`\`${stop}\` is missing`);
    return words.finish();
  }

  #next(): string | undefined {
    return this.#chars[this.#at++];
  }

  #singleQuoted(escapes: Escapes): string {
    const end = this.#chars.indexOf("'", this.#at + 1);
    if (end === -1) throw new InvalidWord('a single quote is not closed');
    const { escape, raw = false } = this.#options;
    const written = this.#chars.slice(this.#at + 1, end).join('');
    const text = escapes === 'pattern' ? written.replaceAll(escape, () => escape + escape) : written;
    this.#at = end + 1;
    return raw ? `'${text}'` : text;
  }

  #doubleQuoted(escapes: Escapes): string {
    const { escape, raw = false } = this.#options;
    this.#at++;
    let text = '';
    for (;;) {
      const char = this.#chars[this.#at];
      if (char === undefined) throw new InvalidWord('a double quote is not closed');
      if (char === '$') {
        text += this.#parameter();
        continue;
      }
      this.#at++;
      if (char === '"') return raw ? `"${text}"` : text;
      if (char !== escape) {
        text += char;
        continue;
      }
      const next = this.#chars[this.#at];
      if (next === undefined) continue;
      if (next === '"' || next === '$' || next === escape) {
        text += (escapes === 'removed' ? '' : char) + (this.#next() as string);
      } else {
        text += escapes === 'pattern' || (escapes === 'kept' && !raw) ? char + char : char;
      }
    }
  }

  /** A here-document may have white space between `<<` and its word; the two stay together. */
  #lessThan(): string {
    this.#at++;
    if (this.#chars[this.#at] !== '<') return '<';
    this.#at++;
    let space = '';
    while (/^[\t\r ]$/.test(this.#chars[this.#at] ?? '')) space += this.#next() as string;
    return `<<${space}`;
  }

  #parameter(): string {
    this.#at++;
    const { values } = this.#options;
    if (this.#chars[this.#at] !== '{') {
      const name = this.#name();
      return name === '' || !values ? `$${name}` : (values.get(name) ?? '');
    }
    this.#at++;
    if (/^[{}:]?$/.test(this.#chars[this.#at] ?? '')) throw new InvalidWord('bad substitution');
    const name = this.#name();
    const operation = this.#operation();
    return values ? expandParameter(name, values.get(name), operation) : writeParameter(name, operation);
  }

  #name(): string {
    const first = this.#chars[this.#at] ?? '';
    const fits = /^\p{Nd}$/u.test(first) ? /^\p{Nd}$/u : /^[\p{L}\p{Nd}_]$/u;
    if (SPECIAL_PARAMETERS.includes(first) && first !== '' && first !== '0') return this.#next() as string;
    let name = '';
    while (fits.test(this.#chars[this.#at] ?? '')) name += this.#next() as string;
    return name;
  }

  /** What comes after the name in `${…}`, with the closing brace. */
  #operation(): Operation {
    const sign = this.#next();
    if (sign === '}') return { kind: 'value' };
    if (sign === '/') {
      const all = this.#chars[this.#at] === '/';
      if (all) this.#at++;
      const pattern = this.readUntil('/', 'pattern').text;
      return { kind: 'replace', all, pattern, replacement: this.readUntil('}', 'kept').text };
    }
    const emptyIsUnset = sign === ':';
    const kind = emptyIsUnset ? this.#next() : sign;
    if (kind === '-' || kind === '+' || kind === '?')
      return { kind, emptyIsUnset, word: this.readUntil('}', 'removed').text };
    if ((kind === '#' || kind === '%') && !emptyIsUnset) {
      const word = this.readUntil('}', 'pattern').text;
      const greedy = word.startsWith(kind);
      return { kind, greedy, pattern: greedy ? word.slice(1) : word };
    }
    throw new InvalidWord(`unsupported modifier \`${sign}\``);
  }
}

/** Collects a text and its words. Quoted parts belong to a word even if they contain spaces. */
class WordSplitter {
  readonly #words: string[] = [];
  #text = '';
  #word = '';

  add(text: string): void {
    this.#text += text;
    for (const char of text) {
      if (!isGoSpace(char)) this.#word += char;
      else this.#endWord();
    }
  }

  addQuoted(text: string): void {
    this.#text += text;
    this.#word += text;
  }

  forgetWord(): void {
    this.#word = '';
  }

  finish(): { text: string; words: string[] } {
    this.#endWord();
    return { text: this.#text, words: this.#words };
  }

  #endWord(): void {
    if (this.#word !== '') this.#words.push(this.#word);
    this.#word = '';
  }
}
