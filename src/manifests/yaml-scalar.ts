/** A number that is passed on digit by digit, because a JavaScript number would round it. */
export type ExactInteger = object;

/** TypeScript does not know it yet. */
const rawJson = (JSON as unknown as { rawJSON: (text: string) => ExactInteger }).rawJSON;

/** What a scalar can stand for. */
export type ScalarValue = string | number | boolean | null | ExactInteger;

/** Only these first characters can begin something other than a text. */
const MAYBE_SPECIAL = /^[-+.\dyYnNtTfFoO~]/;
const WORDS: ReadonlyMap<string, boolean | number | null> = new Map<string, boolean | number | null>([
  ...words(true, 'y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'),
  ...words(false, 'n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'),
  ...words(null, '', '~', 'null', 'Null', 'NULL'),
  ...words(NaN, '.nan', '.NaN', '.NAN'),
  ...words(Infinity, '.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'),
  ...words(-Infinity, '-.inf', '-.Inf', '-.INF'),
]);
const INTEGER = /^([-+]?)(0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+|0[0-7]*|[1-9]\d*)$/;
const FLOAT = /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/;
const TIMESTAMP = /^\d{4}-\d\d?-\d\d?([Tt ]\d\d?:\d\d?:\d\d?(\.\d*)?(Z|[-+]\d\d:\d\d)?)?$/;

function words<T>(value: T, ...spellings: string[]): [string, T][] {
  return spellings.map((spelling) => [spelling, value]);
}

/**
 * Reads a scalar without quotes and without a tag as Kubernetes' tools do: almost YAML 1.1. `0755`
 * is 493, `yes` is true, `1_000` is 1000, but `12:30` and `2001-01-01` are texts.
 */
export function readPlain(text: string): ScalarValue {
  if (text !== '' && !MAYBE_SPECIAL.test(text)) return text;
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  const first = text.charAt(0);
  if (first === '.') return floatFrom(text) ?? text;
  if (!/^[-+\d]/.test(first)) return text;
  const digits = text.replaceAll('_', '');
  return integerFrom(digits) ?? floatFrom(digits) ?? text;
}

/** An integer of 64 bits, signed or not; larger ones are fractions in the tools' eyes. */
function integerFrom(digits: string): number | ExactInteger | undefined {
  const match = INTEGER.exec(digits);
  if (!match) return undefined;
  const [, sign, magnitude = ''] = match;
  const value = BigInt(/^0\d/.test(magnitude) ? `0o${magnitude.slice(1)}` : magnitude) * (sign === '-' ? -1n : 1n);
  if (value < -(2n ** 63n) || value >= 2n ** 64n) return undefined;
  return exactly(value);
}

/** A JavaScript number if it can hold an integer, else its digits. Beyond 63 bits Kubernetes rounds. */
export function exactly(value: bigint): number | ExactInteger {
  const number = Number(value);
  const isKept = value < 2n ** 63n && value >= -(2n ** 63n);
  return Number.isSafeInteger(number) || !isKept ? number : rawJson(String(value));
}

function floatFrom(digits: string): number | undefined {
  const value = FLOAT.test(digits) ? Number(digits) : NaN;
  return Number.isFinite(value) ? value : undefined;
}

const PREFIX = 'tag:yaml.org,2002:';

/**
 * Reads a scalar with a tag such as `!!str`. Tags of applications mean nothing.
 * @throws Error when the text is not what the tag says
 */
export function readTagged(tag: string, text: string): ScalarValue {
  if (tag === `${PREFIX}binary`) return fromBase64(text);
  const value = readPlain(text);
  switch (tag) {
    case `${PREFIX}bool`:
      if (typeof value === 'boolean') return value;
      break;
    case `${PREFIX}null`:
      if (value === null) return value;
      break;
    case `${PREFIX}int`:
      if (typeof value === 'object' && value !== null) return value;
      if (typeof value === 'number' && INTEGER.test(text.replaceAll('_', ''))) return value;
      break;
    case `${PREFIX}float`:
      if (typeof value === 'number') return value;
      break;
    case `${PREFIX}timestamp`:
      if (TIMESTAMP.test(text)) return text;
      break;
    default:
      return text;
  }
  throw new Error(`cannot read \`${text}\` as ${tag.replace(PREFIX, '!!')}`);
}

function fromBase64(text: string): string {
  const digits = text.replaceAll(/[\r\n]/g, '');
  if (!/^([A-Za-z\d+/]{4})*([A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/.test(digits))
    throw new Error('!!binary value contains invalid base64 data');
  return Buffer.from(digits, 'base64').toString('utf8');
}

/**
 * The text of a key that is no text: JSON has only those.
 * @param written the key as it was written
 */
export function keyText(value: ScalarValue, written: string): string {
  if (value === null) throw new Error('a key is empty');
  if (typeof value === 'object') return JSON.stringify(value);
  if (typeof value !== 'number' || INTEGER.test(written.replaceAll('_', ''))) return String(value);
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
  return singlePrecision(value);
}

/** The shortest digits that are the same number in 32 bits, with an exponent from a million on. */
function singlePrecision(value: number): string {
  let digits = 1;
  while (digits < 9 && Math.fround(Number(value.toPrecision(digits))) !== Math.fround(value)) digits++;
  const [mantissa = '', exponent = '0'] = value.toExponential(digits - 1).split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(Number(value.toPrecision(digits)));
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}
