import { Automaton, type Expression } from './automaton.ts';
import { not, only, readClass, readEscape, take, type Reader } from './go-char-class.ts';

/**
 * Reads a regular expression of Go. Docker's matcher passes the patterns of an ignore file to Go
 * almost unchanged: `\d` is a digit there, and `[[:alpha:]]` is a class. As with Go's library, a
 * match takes linear time.
 * @returns undefined if Go rejects the expression. Source: "Syntax" of Go's package regexp/syntax
 */
export function fromGo(source: string): Automaton | undefined {
  const reader: Reader = { chars: [...source], at: 0 };
  try {
    const expression = readChoice(reader);
    if (reader.at < reader.chars.length) throw new SyntaxError('unexpected )');
    return new Automaton(expression);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Reads alternatives, up to the end or a `)`. */
function readChoice(reader: Reader): Expression {
  const parts = [readSequence(reader)];
  while (reader.chars[reader.at] === '|') {
    reader.at++;
    parts.push(readSequence(reader));
  }
  const [first] = parts;
  return first && parts.length === 1 ? first : { kind: 'choice', parts };
}

function readSequence(reader: Reader): Expression {
  const parts: Expression[] = [];
  while (reader.at < reader.chars.length && !'|)'.includes(reader.chars[reader.at] as string)) {
    for (const piece of readPiece(reader)) parts.push(piece);
    const last = parts.pop();
    if (last) parts.push(readRepeat(reader, last));
  }
  return parts.length === 1 ? (parts[0] as Expression) : { kind: 'sequence', parts };
}

const NOT_LINE_END = not(only('\n'));

/** Reads what a repetition can follow: mostly one expression. */
function readPiece(reader: Reader): Expression[] {
  const char = take(reader);
  switch (char) {
    case '\\':
      return readQuoted(reader) ?? [readEscape(reader) ?? readAnchor(take(reader))];
    case '[':
      return [readClass(reader)];
    case '(': {
      const group = readChoice(reader);
      if (take(reader) !== ')') throw new SyntaxError('unexpected end');
      return [group];
    }
    case '.':
      return [NOT_LINE_END];
    case '^':
      return [{ kind: 'assertion', at: 'beginning' }];
    case '$':
      return [{ kind: 'assertion', at: 'end' }];
    case '*':
    case '+':
    case '?':
      throw new SyntaxError(`nothing to repeat with ${char}`);
    default:
      if (char === '{' && readCounts(reader)) throw new SyntaxError('nothing to repeat');
      return [only(char)];
  }
}

/** Reads the literal text between `\Q` and `\E`. */
function readQuoted(reader: Reader): Expression[] | undefined {
  if (reader.chars[reader.at] !== 'Q') return undefined;
  reader.at++;
  const text: Expression[] = [];
  while (reader.at < reader.chars.length) {
    const char = take(reader);
    if (char === '\\' && reader.chars[reader.at] === 'E') {
      reader.at++;
      break;
    }
    text.push(only(char));
  }
  return text;
}

function readAnchor(char: string): Expression {
  switch (char) {
    case 'A':
      return { kind: 'assertion', at: 'beginning' };
    case 'z':
      return { kind: 'assertion', at: 'end' };
    case 'b':
      return { kind: 'assertion', at: 'word boundary' };
    case 'B':
      return { kind: 'assertion', at: 'no word boundary' };
    default:
      throw new SyntaxError(`\\${char}`);
  }
}

const COUNTS: Record<string, [min: number, max: number]> = { '*': [0, Infinity], '+': [1, Infinity], '?': [0, 1] };

/** Reads the repetition of an expression, if there is one. Go allows only one. */
function readRepeat(reader: Reader, part: Expression): Expression {
  const counts = readRepetition(reader);
  if (!counts) return part;
  if (reader.chars[reader.at] === '?') reader.at++; // as short as possible: the same for a test
  if (readRepetition(reader)) throw new SyntaxError('two repetitions');
  const [min, max] = counts;
  return { kind: 'repeat', part, min, max };
}

function readRepetition(reader: Reader): [min: number, max: number] | undefined {
  const char = reader.chars[reader.at] ?? '';
  const counts = COUNTS[char];
  if (counts) {
    reader.at++;
    return counts;
  }
  if (char !== '{') return undefined;
  reader.at++;
  const read = readCounts(reader);
  if (!read) reader.at--; // literal
  return read;
}

/** Go's limit for the counts of a repetition. */
const MOST_REPEATS = 1_000;

/** Reads the counts after a `{`. Reads nothing if there are none: then the `{` is literal. */
function readCounts(reader: Reader): [min: number, max: number] | undefined {
  let end = reader.at;
  while (/^[\d,]$/.test(reader.chars[end] ?? '')) end++;
  const text = reader.chars.slice(reader.at, end + 1).join('');
  const [all, low = '', comma = '', high = ''] = /^(0|[1-9]\d*)(,(0|[1-9]\d*)?)?\}$/.exec(text) ?? [];
  if (all === undefined) return undefined;
  const min = Number(low);
  const max = high !== '' ? Number(high) : comma === '' ? min : Infinity;
  if (min > MOST_REPEATS || (max !== Infinity && (max > MOST_REPEATS || min > max))) throw new SyntaxError(all);
  reader.at = end + 1;
  return [min, max];
}
