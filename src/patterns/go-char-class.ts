import type { Expression } from './automaton.ts';

/** What is read, and up to where. */
export interface Reader {
  chars: string[];
  at: number;
}

/** A set of characters, as it is written. */
type CharSet = Expression & { kind: 'set' };

export function take(reader: Reader): string {
  const char = reader.chars[reader.at++];
  if (char === undefined) throw new SyntaxError('unexpected end');
  return char;
}

/** Exactly this character. */
export function only(char: string): CharSet {
  return fromTo(char, char);
}

function fromTo(low: string, high: string): CharSet {
  const [first, last] = [low.codePointAt(0) ?? 0, high.codePointAt(0) ?? 0];
  if (last < first) throw new SyntaxError(`${low}-${high}`);
  return { kind: 'set', name: `${first}-${last}`, has: (point) => first <= point && point <= last };
}

function union(sets: readonly CharSet[]): CharSet {
  const [first] = sets;
  if (first && sets.length === 1) return first;
  return {
    kind: 'set',
    name: `[${sets.map(({ name }) => name).join(' ')}]`,
    has: (point) => sets.some(({ has }) => has(point)),
  };
}

export function not(set: CharSet): CharSet {
  return { kind: 'set', name: `^${set.name}`, has: (point) => !set.has(point) };
}

function ranges(...pairs: string[]): CharSet {
  return union(pairs.map((pair) => fromTo(pair.charAt(0), pair.charAt(pair.length - 1))));
}

const DIGIT = ranges('09');
const WORD = ranges('09', 'AZ', 'az', '_');
const SPACE = ranges('\t\n', '\f\r', ' ');
const CLASSES: Record<string, CharSet> = { d: DIGIT, D: not(DIGIT), w: WORD, W: not(WORD), s: SPACE, S: not(SPACE) };

const NAMED: Record<string, CharSet> = {
  alnum: ranges('09', 'AZ', 'az'),
  alpha: ranges('AZ', 'az'),
  ascii: ranges('\0\x7f'),
  blank: ranges('\t', ' '),
  cntrl: ranges('\0\x1f', '\x7f'),
  digit: DIGIT,
  graph: ranges('!~'),
  lower: ranges('az'),
  print: ranges(' ~'),
  punct: ranges('!/', ':@', '[`', '{~'),
  space: ranges('\t\r', ' '),
  upper: ranges('AZ'),
  word: WORD,
  xdigit: ranges('09', 'AF', 'af'),
};

const CONTROLS: Record<string, number> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** Characters that a `\` makes literal. */
const PUNCTUATION = /^[!-/:-@[-`{-~ \0-\x1f]/;

/**
 * Reads what follows a backslash, inside a class or outside. Returns undefined and reads nothing
 * for an escape that is only allowed outside.
 */
export function readEscape(reader: Reader): CharSet | undefined {
  const rest = reader.chars.slice(reader.at, reader.at + 10).join('');
  const skip = (n: number, result: CharSet) => {
    reader.at += n;
    return result;
  };
  const char = rest.charAt(0);
  const known = CLASSES[char];
  if (known !== undefined) return skip(1, known);
  const control = CONTROLS[char];
  if (control !== undefined) return skip(1, character(control));
  if (/^[pP]/.test(rest)) return readProperty(reader);
  const [short, shortCode = ''] = /^x([0-9a-fA-F]{2})/.exec(rest) ?? [];
  if (short !== undefined) return skip(short.length, character(parseInt(shortCode, 16)));
  const [long, longCode = ''] = /^x\{([0-9a-fA-F]{1,6})\}/.exec(rest) ?? [];
  if (long !== undefined) return skip(long.length, character(parseInt(longCode, 16)));
  const octal = /^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest)?.[0];
  if (octal !== undefined) return skip(octal.length, character(parseInt(octal, 8)));
  return PUNCTUATION.test(rest) ? skip(1, only(char)) : undefined;
}

function character(code: number): CharSet {
  if (code > 0x10ffff) throw new SyntaxError('there is no such character');
  return { kind: 'set', name: `${code}-${code}`, has: (point) => point === code };
}

/** More characters than the longest name of a script. */
const LONGEST_PROPERTY = 40;

/** Reads a Unicode property, such as `pL`, `PN` or `p{Greek}`. */
function readProperty(reader: Reader): CharSet {
  const rest = reader.chars.slice(reader.at, reader.at + LONGEST_PROPERTY).join('');
  const [all = '', sign = '', short = '', caret = '', long = ''] = /^([pP])(?:([A-Z])|\{(\^?)(\w+)\})/.exec(rest) ?? [];
  const name = short || long;
  const set = propertySet(name, `General_Category=${name}`) ?? propertySet(name, `Script=${name}`);
  if (!set) throw new SyntaxError(`\\${rest}`);
  reader.at += all.length;
  return (sign === 'P') === (caret === '^') ? set : not(set);
}

function propertySet(name: string, property: string): CharSet | undefined {
  try {
    const regexp = new RegExp(`^\\p{${property}}$`, 'u');
    return { kind: 'set', name: `\\p{${name}}`, has: (point) => regexp.test(String.fromCodePoint(point)) };
  } catch {
    return undefined;
  }
}

/** Reads a class after its `[`. */
export function readClass(reader: Reader): CharSet {
  const isNegated = reader.chars[reader.at] === '^';
  if (isNegated) reader.at++;
  const members: CharSet[] = [];
  for (let first = true; first || reader.chars[reader.at] !== ']'; first = false) {
    members.push(readNamed(reader) ?? readMember(reader));
  }
  reader.at++;
  return isNegated ? not(union(members)) : union(members);
}

function readNamed(reader: Reader): CharSet | undefined {
  if (reader.chars[reader.at] !== '[' || reader.chars[reader.at + 1] !== ':') return undefined;
  const end = reader.chars.findIndex((char, at) => at >= reader.at + 2 && char === ':' && reader.chars[at + 1] === ']');
  if (end === -1) return undefined;
  const name = reader.chars.slice(reader.at + 2, end).join('');
  const set = NAMED[name.replace(/^\^/, '')];
  if (!set) throw new SyntaxError(`[:${name}:]`);
  reader.at = end + 2;
  return name.startsWith('^') ? not(set) : set;
}

/** Reads a character, a range, or an escape that stands for several characters. */
function readMember(reader: Reader): CharSet {
  const low = readOne(reader);
  const next = reader.chars[reader.at + 1];
  if (reader.chars[reader.at] !== '-' || next === ']' || next === undefined) return low;
  const from = characterOf(low);
  if (from === undefined) return low;
  reader.at++;
  const to = characterOf(readOne(reader));
  if (to === undefined) throw new SyntaxError('a range to a class');
  return fromTo(from, to);
}

function readOne(reader: Reader): CharSet {
  const char = take(reader);
  if (char !== '\\') return only(char);
  const escaped = readEscape(reader);
  if (escaped === undefined) throw new SyntaxError('\\');
  return escaped;
}

/** The only character of a set; undefined for any other set. */
function characterOf({ name }: CharSet): string | undefined {
  const [, first, last] = /^(\d+)-(\d+)$/.exec(name) ?? [];
  return first !== undefined && first === last ? String.fromCodePoint(Number(first)) : undefined;
}
