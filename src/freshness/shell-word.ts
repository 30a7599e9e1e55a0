import { isGoSpace } from '../sources/go-space.ts';
import { expandParameter, type Operation } from './shell-parameter.ts';

/** How a text is read. */
export interface WordOptions {
  /** `\`, or `` ` `` after `# escape=`. */
  escape: string;
  /** Values of the parameters. */
  values: ReadonlyMap<string, string>;
  /** Keep quotes, escape characters and unset parameters as they are written. */
  raw?: boolean;
}

/** The text is not valid; BuildKit would fail the build. */
export class InvalidWord extends Error {}

/** Expands parameters and removes quotes, as BuildKit does in `FROM` and `ARG`. @throws InvalidWord */
export function expandWord(text: string, options: WordOptions): string {
  return new WordReader(text, options).readUntil(undefined, options.raw ?? false).text;
}

/** The same, split at white space outside of quotes. @throws InvalidWord */
export function expandWords(text: string, options: WordOptions): string[] {
  return new WordReader(text, options).readUntil(undefined, options.raw ?? false).words;
}

const SPECIAL_PARAMETERS = '@*#?-$!0';

class WordReader {
  readonly #chars: string[];
  readonly #options: WordOptions;
  #at = 0;

  constructor(text: string, options: WordOptions) {
    this.#chars = [...text];
    this.#options = options;
  }

  /**
   * Reads up to a character, which is consumed, or to the end.
   * @param keepEscapes keep escape characters, because a pattern needs them
   */
  readUntil(stop: string | undefined, keepEscapes: boolean): { text: string; words: string[] } {
    const words = new WordSplitter();
    while (this.#at < this.#chars.length) {
      const char = this.#chars[this.#at] as string;
      if (char === stop) {
        this.#at++;
        return words.finish();
      }
      if (char === "'") words.addQuoted(this.#singleQuoted());
      else if (char === '"') words.addQuoted(this.#doubleQuoted(keepEscapes));
      else if (char === '$') words.add(this.#parameter());
      else if (char === '<') words.addQuoted(this.#lessThan());
      else if (char === this.#options.escape) {
        this.#at++;
        const next = this.#next() ?? '';
        words.addQuoted((keepEscapes ? char : '') + next);
      } else words.add(this.#next() as string);
    }
    if (stop !== undefined) throw new InvalidWord(`\`${stop}\` is missing`);
    return words.finish();
  }

  #next(): string | undefined {
    return this.#chars[this.#at++];
  }

  #singleQuoted(): string {
    const end = this.#chars.indexOf("'", this.#at + 1);
    if (end === -1) throw new InvalidWord('a single quote is not closed');
    const text = this.#chars.slice(this.#at + 1, end).join('');
    this.#at = end + 1;
    return this.#options.raw ? `'${text}'` : text;
  }

  #doubleQuoted(keepEscapes: boolean): string {
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
      if (keepEscapes) text += char;
      if (next === '"' || next === '$' || next === escape) text += this.#next() as string;
      else if (next !== undefined) text += char;
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
    const start = this.#at++;
    const written = () => this.#chars.slice(start, this.#at).join('');
    const { values, raw } = this.#options;
    if (this.#chars[this.#at] !== '{') {
      const name = this.#name();
      if (name === '') return '$';
      return values.get(name) ?? (raw ? written() : '');
    }
    this.#at++;
    if (/^[{}:]?$/.test(this.#chars[this.#at] ?? '')) throw new InvalidWord('bad substitution');
    const name = this.#name();
    const operation = this.#operation();
    const value = values.get(name);
    return value === undefined && raw ? written() : expandParameter(name, value, operation);
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
      const pattern = this.readUntil('/', true).text;
      return { kind: 'replace', all, pattern, replacement: this.readUntil('}', true).text };
    }
    const emptyIsUnset = sign === ':';
    const kind = emptyIsUnset ? this.#next() : sign;
    if (kind === '-' || kind === '+' || kind === '?')
      return { kind, emptyIsUnset, word: this.readUntil('}', false).text };
    if ((kind === '#' || kind === '%') && !emptyIsUnset) {
      const word = this.readUntil('}', true).text;
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

  finish(): { text: string; words: string[] } {
    this.#endWord();
    return { text: this.#text, words: this.#words };
  }

  #endWord(): void {
    if (this.#word !== '') this.#words.push(this.#word);
    this.#word = '';
  }
}
