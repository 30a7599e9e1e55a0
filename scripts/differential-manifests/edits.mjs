import { editOnce } from '../differential/edits.mjs';

// What decides how YAML is read.
const PIECES = [
  ...[
    ' ',
    '  ',
    '\t',
    '\r',
    '\r\n',
    '\n',
    '\n\n',
    '\n  ',
    '\n- ',
    '\n---\n',
    '\n--- # x\n',
    '\n...\n',
    '---',
    '# x',
    ' # x',
  ],
  ...['"', "'", '\\', '\\n', '\\x41', '\\u00e9', '\\ud83d', ':', ': ', '- ', '? ', ',', '[', ']', '{', '}', '{}', '[]'],
  ...[
    '&a ',
    '*a',
    '&b ',
    '*b',
    '<<: ',
    '<<: *a',
    '<<: [*a, *b]',
    '!',
    '!!str ',
    '!!int ',
    '!!float ',
    '!!binary ',
    '!x ',
  ],
  ...['|', '>', '|-', '>+', '|2', '>1-', '%', '%YAML 1.1\n', '@', '`', '~', 'null', '""', "''"],
  ...[
    'yes',
    'No',
    'on',
    'y',
    'n',
    'TRUE',
    '0755',
    '0o14',
    '0x1F',
    '0b11',
    '1_000',
    '1e3',
    '.5',
    '-.inf',
    '.nan',
    '12:30:45',
  ],
  ...[
    '9007199254740993',
    '18446744073709551615',
    '-9223372036854775808',
    '1e400',
    '2001-01-01',
    '+12',
    '08',
    '1.0',
    '-0',
  ],
  ...['\u00e9', '\u0085', '\u2028', '\ufeff', '\u00a0', '\u0007', '😀', 'a', 'kind: X', '\nkind: List\nitems:\n'],
];

/** A manifest with some random changes. */
export function editManifest(random, texts) {
  let text = random.pick(texts);
  for (let left = 1 + random.below(3); left > 0; left--) {
    const [at, source] = [random.below(text.length + 1), text];
    text = editOnce(random, source, texts, { pieces: PIECES, at, special: () => replaceValue(random, source) });
  }
  return text;
}

/** Puts a piece in the place of a whole value. */
function replaceValue(random, text) {
  const values = [...text.matchAll(/(?<=[:-] )\S.*$/gm)];
  if (values.length === 0) return text;
  const { 0: value, index } = random.pick(values);
  return text.slice(0, index) + random.pick(PIECES) + text.slice(index + value.length);
}
