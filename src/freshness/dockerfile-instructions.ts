import { isGoSpace, trimGoSpace, trimGoSpaceStart } from '../patterns/go-space.ts';
import { parseDirective } from './frontend.ts';
import { expandWords } from './shell-word.ts';

/** One instruction of a Dockerfile. */
export interface Instruction {
  /** In capitals. */
  keyword: string;
  /** Such as `--from=build`, without quotes. */
  flags: string[];
  /** What comes after the flags, as it is written. */
  rest: string;
}

/** An instruction and its place. */
export interface PlacedInstruction extends Instruction {
  /** Its first line, counted from 0. */
  line: number;
  /** The line after its last one, here-documents included. */
  end: number;
}

export interface Instructions {
  /** `\`, or `` ` `` after `# escape=`. */
  escape: string;
  instructions: PlacedInstruction[];
  /** Whether the file ends inside of a continued line or a here-document. */
  isCutOff: boolean;
}

/**
 * The instructions of a Dockerfile, as BuildKit's parser reads them: comments, continued lines,
 * here-documents, flags. Source: frontend/dockerfile/parser of github.com/moby/buildkit.
 */
export function readInstructions(text: string): Instructions {
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  const escape = escapeOf(lines);
  const instructions: PlacedInstruction[] = [];
  let isCutOff = false;
  for (let at = 0; at < lines.length;) {
    const line = at;
    const logical = readLogicalLine(lines, at, escape);
    at = logical.next;
    isCutOff = logical.isCutOff;
    if (trimGoSpace(logical.text) === '') continue;
    const instruction = parseInstruction(logical.text, escape);
    for (const heredoc of heredocsOf(instruction, logical.text, escape)) {
      const end = findTerminator(lines, at, heredoc);
      isCutOff = end === undefined;
      at = end ?? lines.length;
    }
    instructions.push({ ...instruction, line, end: at });
  }
  return { escape, instructions, isCutOff };
}

/** An instruction in another one: the trigger of an `ONBUILD`. */
function parseInstruction(line: string, escape: string): Instruction {
  const [, keyword = '', rest = ''] = /^([^\t\v\f\r ]+)(?:[\t\v\f\r ]+([^]*))?$/.exec(trimGoSpace(line)) ?? [];
  return { keyword: keyword.toUpperCase(), ...splitFlags(rest, escape) };
}

/** Words separated by blanks, with their quotes. */
export function splitBlanks(rest: string): string[] {
  return rest === '' ? [] : rest.split(/[\t\v\f\r ]+/);
}

/** Words separated by blanks outside of quotes; quotes and escape characters stay in them. */
export function splitQuoted(rest: string, escape: string): string[] {
  return scanWords(rest, escape, { keepQuotes: true }).words;
}

/** The parser directives are the first lines, up to one that is something else. */
function escapeOf(lines: readonly string[]): string {
  for (const line of lines) {
    const directive = parseDirective(trimGoSpaceStart(line), '#');
    if (!directive) break;
    if (directive.name === 'escape') return directive.value === '`' ? '`' : '\\';
  }
  return '\\';
}

/** A line with those that continue it. Comments and empty lines between them are left out. */
function readLogicalLine(
  lines: readonly string[],
  start: number,
  escape: string,
): { text: string; next: number; isCutOff: boolean } {
  const mark = escape === '`' ? '`' : '\\\\';
  const continuation = new RegExp(`([^${mark}])${mark}[ \\t]*$|^${mark}[ \\t]*$`);
  const isComment = (line: string) => trimGoSpaceStart(line).startsWith('#');
  let text = '';
  for (let at = start; at < lines.length; at++) {
    const written = (lines[at] as string).replace(/\r+$/, '');
    const isFirst = at === start;
    if (isComment(written)) {
      if (isFirst) return { text: '', next: at + 1, isCutOff: false };
      continue;
    }
    const line = isFirst ? trimGoSpaceStart(written) : written;
    if (!isFirst && trimGoSpaceStart(line) === '') continue;
    const continued = continuation.test(line);
    text += continued ? line.replace(continuation, '$1') : line;
    if (!continued) return { text, next: at + 1, isCutOff: false };
  }
  return { text, next: lines.length, isCutOff: true };
}

/**
 * Takes the words that begin with `--` off the beginning. BuildKit reads them byte by byte, each as a
 * character. So the second byte of `à` is a space, and ends a word.
 */
function splitFlags(rest: string, escape: string): Pick<Instruction, 'flags' | 'rest'> {
  const bytes = Buffer.from(rest).toString('latin1');
  const { words, end } = scanWords(bytes, escape, { keepQuotes: false, only: '--' });
  const stop = words.indexOf('--');
  const others = Buffer.from(bytes.slice(end), 'latin1').toString();
  return { flags: stop === -1 ? words : words.slice(0, stop), rest: trimGoSpace(others) };
}

/**
 * Splits a text into words. Quotes may begin inside of a word; an escape character protects the
 * next character, but not inside of single quotes that are kept.
 * @param only end before the first word that does not begin with this
 * @returns the words, and the index of the first character after them
 */
function scanWords(
  text: string,
  escape: string,
  { keepQuotes, only = '' }: { keepQuotes: boolean; only?: string },
): { words: string[]; end: number } {
  const words: string[] = [];
  let at = 0;
  while (at < text.length) {
    while (at < text.length && isGoSpace(text[at] as string)) at++;
    if (at >= text.length || !text.startsWith(only, at)) break;
    let word = '';
    let quote = '';
    let isQuoted = false;
    for (; at < text.length; at++) {
      const char = text[at] as string;
      if (quote === '' && isGoSpace(char)) break;
      if (char === escape && !(keepQuotes && quote === "'")) {
        at++;
        word += (keepQuotes && at < text.length ? char : '') + (text[at] ?? '');
        continue;
      }
      const isQuote = quote === '' ? char === "'" || char === '"' : char === quote;
      if (isQuote) {
        quote = quote === '' ? char : '';
        isQuoted = true;
      }
      if (!isQuote || keepQuotes) word += char;
    }
    if (word !== '' || isQuoted) words.push(word);
    if (only !== '' && word === '--') break;
  }
  return { words, end: at };
}

interface Heredoc {
  terminator: string;
  /** Whether tabs before the terminator are allowed. */
  stripTabs: boolean;
}

function heredocsOf({ keyword, rest }: Instruction, line: string, escape: string): Heredoc[] {
  if (keyword === 'ONBUILD') return heredocsOf(parseInstruction(rest, escape), line, escape);
  if (!['ADD', 'COPY', 'RUN'].includes(keyword) || !line.includes('<<') || isStringArray(rest)) return [];
  return wordsOrNone(line, true).flatMap((word) => {
    const [, stripTabs, name = ''] = /^\d*<<(-?)\s*([^<]*)$/.exec(word) ?? [];
    const names = name === '' ? [] : wordsOrNone(name, false);
    return names.length === 1 ? [{ terminator: names[0] as string, stripTabs: stripTabs === '-' }] : [];
  });
}

/** The words of a shell line; none if it is not valid, because then BuildKit sees no here-document. */
function wordsOrNone(text: string, raw: boolean): string[] {
  try {
    return expandWords(text, { escape: '\\', values: undefined, raw });
  } catch {
    return [];
  }
}

function isStringArray(rest: string): boolean {
  if (!rest.startsWith('[')) return false;
  try {
    const value = JSON.parse(rest) as unknown;
    return Array.isArray(value) && value.every((item) => typeof item === 'string');
  } catch {
    return false;
  }
}

/** @returns the line after the terminator; undefined if there is none */
function findTerminator(
  lines: readonly string[],
  start: number,
  { terminator, stripTabs }: Heredoc,
): number | undefined {
  for (let at = start; at < lines.length; at++) {
    const line = (lines[at] as string).replace(/\r+$/, '');
    if ((stripTabs ? line.replace(/^\t+/, '') : line) === terminator) return at + 1;
  }
  return undefined;
}
