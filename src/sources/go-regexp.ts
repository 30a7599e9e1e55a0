/**
 * Translates a regular expression from Go to JavaScript. Docker's matcher passes the patterns of an
 * ignore file to Go almost unchanged: `\d` is a digit there, and `[[:alpha:]]` is a class.
 * @returns undefined if Go rejects the expression. Source: "Syntax" of Go's package regexp/syntax
 */
export function fromGo(source: string): RegExp | undefined {
  const reader: Reader = { chars: [...source], at: 0 };
  let out = '';
  try {
    while (reader.at < reader.chars.length) out += readPiece(reader);
    return new RegExp(out, 'v');
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

interface Reader {
  chars: string[];
  at: number;
}

function readPiece(reader: Reader): string {
  const char = take(reader);
  if (char === '\\') return readEscape(reader) ?? anchors(take(reader));
  if (char === '[') return readClass(reader);
  if (char === '.') return '[^\\n]'; // JavaScript's `.` excludes more kinds of line ends
  if (char === '{') {
    const repeat = /^\d+(,\d*)?\}/.exec(reader.chars.slice(reader.at, reader.at + 8).join(''))?.[0] ?? '';
    reader.at += repeat.length;
    return repeat === '' ? literal(char) : `{${repeat}`;
  }
  if (char === '^' || char === '$') return anchor(char);
  return '()?*|'.includes(char) ? char : literal(char);
}

function anchors(char: string): string {
  const known = { A: '^', z: '$', b: '\\b', B: '\\B' }[char];
  if (known === undefined) throw new SyntaxError(`\\${char}`);
  return anchor(known);
}

/**
 * In a group, because Go allows repeated anchors: the pattern `{1}*` comes after a `^`, and
 * matches all names.
 */
function anchor(known: string): string {
  return `(?:${known})`;
}

const CLASSES: Record<string, string> = {
  d: '\\d',
  D: '\\D',
  w: '\\w',
  W: '\\W',
  s: '[\\t\\n\\f\\r\\u{20}]',
  S: '[^\\t\\n\\f\\r\\u{20}]',
};

const CONTROLS: Record<string, number> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

/**
 * Reads what follows a backslash, inside a class or outside. Returns undefined and reads nothing
 * for an escape that is only allowed outside.
 */
function readEscape(reader: Reader): string | undefined {
  const rest = reader.chars.slice(reader.at, reader.at + 3).join('');
  const skip = (n: number, result: string) => {
    reader.at += n;
    return result;
  };
  const char = rest.charAt(0);
  const known = CLASSES[char];
  if (known !== undefined) return skip(1, known);
  const control = CONTROLS[char];
  if (control !== undefined) return skip(1, code(control));
  const category = /^[pP][LMNPSZC]/.exec(rest)?.[0];
  if (category !== undefined) return skip(2, `\\${category.charAt(0)}{${category.charAt(1)}}`);
  const hexadecimal = /^x([0-9a-fA-F]{2})/.exec(rest)?.[1];
  if (hexadecimal !== undefined) return skip(3, code(parseInt(hexadecimal, 16)));
  const octal = /^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest)?.[0];
  if (octal !== undefined) return skip(octal.length, code(parseInt(octal, 8)));
  return /^[!-/:-@[-`{-~ \0-\x1f]/.test(rest) ? skip(1, literal(char)) : undefined;
}

const NAMED: Record<string, string> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\0-\\x7f',
  blank: '\\t\\u{20}',
  cntrl: '\\0-\\x1f\\x7f',
  digit: '0-9',
  graph: '\\x21-\\x7e',
  lower: 'a-z',
  print: '\\x20-\\x7e',
  punct: '\\x21-\\x2f\\x3a-\\x40\\x5b-\\x60\\x7b-\\x7e',
  space: '\\t\\n\\v\\f\\r\\u{20}',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

/** Reads a class after its `[`. */
function readClass(reader: Reader): string {
  const negated = reader.chars[reader.at] === '^';
  if (negated) reader.at++;
  let out = '';
  for (let first = true; first || reader.chars[reader.at] !== ']'; first = false) {
    const named = /^\[:(\^?)(.*?):\]/s.exec(reader.chars.slice(reader.at).join(''));
    if (named) {
      const members = NAMED[named[2] ?? ''];
      if (members === undefined) throw new SyntaxError(named[0]);
      reader.at += [...named[0]].length;
      out += `[${named[1]}${members}]`;
      continue;
    }
    const low = readMember(reader);
    const isRange =
      isCharacter(low) && reader.chars[reader.at] === '-' && ![']', undefined].includes(reader.chars[reader.at + 1]);
    if (isRange) reader.at++;
    out += isRange ? `${low}-${character(readMember(reader))}` : low;
  }
  reader.at++;
  return `[${negated ? '^' : ''}${out}]`;
}

function readMember(reader: Reader): string {
  const char = take(reader);
  if (char !== '\\') return literal(char);
  const escaped = readEscape(reader);
  if (escaped === undefined) throw new SyntaxError('\\');
  return escaped;
}

/** Whether a member is one character, as `code` writes it, and not a class. */
function isCharacter(member: string): boolean {
  return member.startsWith('\\u{');
}

function character(member: string): string {
  if (!isCharacter(member)) throw new SyntaxError(member);
  return member;
}

function take(reader: Reader): string {
  const char = reader.chars[reader.at++];
  if (char === undefined) throw new SyntaxError('unexpected end');
  return char;
}

function literal(char: string): string {
  return code(char.codePointAt(0) ?? 0);
}

function code(point: number): string {
  return `\\u{${point.toString(16)}}`;
}
