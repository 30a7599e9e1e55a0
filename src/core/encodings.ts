/** Shorter values would match half of every log, and are no secrets. */
const MIN_LENGTH = 4;

/** The same for a single line of a value, and for the part of a base64 text that a value decides. */
const MIN_PART = 6;

/**
 * The forms in which a value appears in logs and files: plain, its lines, percent-encoded, as a string of
 * JSON, YAML or a shell, in hexadecimal, and in base64, also together with other text as in `user:value`.
 * @returns the longest first
 */
export function encodingsOf(value: string | Buffer): string[] {
  const bytes = Buffer.from(value);
  const text = bytes.toString('utf8');
  const isText = Buffer.from(text).equals(bytes);
  const texts = isText ? [...new Set([text, text.trim()])].filter((one) => one.length >= MIN_LENGTH) : [];
  const forms = texts.flatMap((one) => [
    ...inText(one),
    ...inBase64(Buffer.from(one)),
    ...hexadecimal(Buffer.from(one)),
    ...linesOf(one).flatMap(inText),
  ]);
  if (!isText && bytes.length >= MIN_LENGTH) forms.push(...inBase64(bytes), ...hexadecimal(bytes));
  return [...new Set(forms)].sort((a, b) => b.length - a.length);
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return lines.length > 1 ? lines.filter((line) => line.length >= MIN_PART) : [];
}

function inText(text: string): string[] {
  return [text, ...percentEncoded(text), ...inJson(text), ...inShell(text), text.replaceAll("'", "''")];
}

/** In a URL, in a form, and as strict encoders do it; digits of either case. */
function percentEncoded(text: string): string[] {
  if (!text.isWellFormed()) return [];
  const url = encodeURIComponent(text);
  const strict = url.replace(/[!'()*~]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
  // What has a meaning in a URL only, such as `/`, may stay in a path.
  const path = encodeURI(text);
  return [url, strict, path].flatMap((one) => {
    const lower = one.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
    return [one, lower, one.replaceAll('%20', '+'), lower.replaceAll('%20', '+')];
  });
}

/** As JavaScript, Python and Go write it, and once more within another string of JSON. */
function inJson(text: string): string[] {
  const plain = JSON.stringify(text).slice(1, -1);
  const escaped = (pattern: RegExp) =>
    plain.replace(pattern, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const forms = [plain, escaped(/[<>&\u2028\u2029]/g), escaped(/[^\0-\u007f]/g), plain.replaceAll('/', '\\/')];
  return [...forms, ...forms.map((form) => JSON.stringify(form).slice(1, -1))];
}

/** In single quotes, in double quotes, and with backslashes. */
function inShell(text: string): string[] {
  return [
    text.replaceAll("'", `'\\''`),
    text.replaceAll("'", `'"'"'`),
    text.replaceAll("'", "\\'"),
    text.replace(/[\\"$`]/g, '\\$&'),
    text.replace(/[^\w@%+=:,./-]/g, '\\$&'),
  ];
}

function hexadecimal(bytes: Buffer): string[] {
  const hex = bytes.toString('hex');
  return [hex, hex.toUpperCase()];
}

/**
 * With and without padding, in both alphabets. In the middle of other text, the characters that this
 * value alone decides: which ones depends on where it begins.
 */
function inBase64(bytes: Buffer): string[] {
  const whole = bytes.toString('base64');
  const parts = [0, 1, 2].map((before) => {
    const all = Buffer.concat([Buffer.alloc(before), bytes]);
    return all.toString('base64').slice(Math.ceil((before * 8) / 6), Math.floor((all.length * 8) / 6));
  });
  const forms = [whole, whole.replace(/=+$/, ''), ...parts.filter((part) => part.length >= MIN_PART)];
  return forms.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
}
