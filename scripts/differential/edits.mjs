/** Random numbers that are the same for the same seed. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (count) => Math.floor(next() * count);
  return { below, pick: (list) => list[below(list.length)], chance: (share) => next() < share };
}

// What decides how a Dockerfile is read.
const PIECES = [
  ...[
    ' ',
    '  ',
    '\t',
    '\r',
    '\n',
    '\u00a0',
    '\v',
    '\f',
    '\\',
    '\\\n',
    '`',
    '`\n',
    '"',
    "'",
    '""',
    "''",
    '#',
    '\n# x\n',
    '\n\n',
  ],
  ...[
    '$',
    '${',
    '}',
    '$$',
    '${A}',
    '$A',
    '${A:-b:1}',
    '${A-c}',
    '${A:+d}',
    '${A+e}',
    '${A:?f}',
    '${A?}',
    '${A#*-}',
    '${A##*-}',
  ],
  ...[
    '${A%-*}',
    '${A%%.*}',
    '${A/a/b}',
    '${A//-/_}',
    '${A%"-x"}',
    "${A#'a'}",
    '${A/\\*/x}',
    '${TARGETARCH}',
    '$TARGETPLATFORM',
  ],
  ...['<<EOF', '<<-EOF', '<<"EOF"', '<< EOF', '3<<EOF', '<<$A', '<<E"O"F', '\nEOF\n', '\n\tEOF\n', '<', '<<'],
  ...[
    '--from=b:1',
    '--from=0',
    '--from="b:1"',
    '--from=x',
    '--mount=from=c:1',
    '--mount=type=bind,"from=d:1"',
    '--',
    '--link',
  ],
  ...[
    '--platform=$BUILDPLATFORM',
    '--mount=type=cache,target=/x',
    ',',
    '=',
    ',from=e:1',
    ',FROM=f:1',
    ',from=',
    ' AS x',
    ' as y',
  ],
  ...[
    'FROM ',
    'COPY ',
    'RUN ',
    'ARG ',
    'ADD ',
    'ONBUILD ',
    'from ',
    'scratch',
    'x',
    'é',
    'à',
    '[',
    ']',
    '["a"]',
    '\uFEFF',
  ],
  ...[
    '\nFROM x\n',
    '\nFROM b:2\n',
    '\nONBUILD COPY --from=g:1 / /\n',
    '\nONBUILD RUN --mount=from=h:1 x\n',
    '\nARG A=a-b.c*d\n',
  ],
  ...[
    '# syntax=i:1\n',
    '# escape=`\n',
    '// syntax=j:1\n',
    '# check=skip=all\n',
    '#!/x\n',
    '\nARG A="k:1"\n',
    "\nARG A='l' B=$A\n",
  ],
];
const VALUES = ['', 'x', '1.2-a', 'b:1', 'a"b"', "it's", '$A', '${B}', 'a\\b', 'x y', '*', '$1'];
const PLATFORMS = [
  'linux/amd64',
  'linux/arm64',
  'linux/arm/v6',
  'linux/arm',
  'linux/amd64/v2',
  'linux/aarch64',
  'linux/386',
];
const TARGET_ARGUMENTS = ['TARGETARCH', 'TARGETPLATFORM', 'TARGETOS', 'TARGETSTAGE', 'BUILDKIT_SYNTAX'];

/** A Dockerfile with some random changes, built with random arguments. */
export function editDockerfile(random, texts) {
  let text = random.pick(texts);
  for (let left = 1 + random.below(4); left > 0; left--)
    text = editOnce(random, text, texts, { pieces: PIECES, at: placeIn(random, text) });
  const names = [...text.matchAll(/\bARG\s+(\w+)/gi)].map(([, name]) => name);
  const stages = [...text.matchAll(/^FROM\s.*\sAS\s+(\S+)/gim)].map(([, name]) => name);
  const buildArgs = {};
  for (const name of names) if (random.chance(0.3)) buildArgs[name] = random.pick(VALUES);
  if (random.chance(0.1)) buildArgs[random.pick(TARGET_ARGUMENTS)] = random.pick(VALUES);
  const target = stages.length > 0 && random.chance(0.3) ? random.pick(stages) : '';
  return { text, buildArgs, platform: random.chance(0.3) ? random.pick(PLATFORMS) : PLATFORMS[0], target };
}

/**
 * One random change of a text: a line less, twice or from another text, some characters less, or a
 * piece more.
 * @param at where characters change
 * @param special another change, made as often as each of these
 */
export function editOnce(random, text, texts, { pieces, at, special }) {
  const lines = text.split('\n');
  const line = random.below(lines.length);
  const kind = random.below(8);
  if (kind === 0) return lines.toSpliced(line, 1).join('\n');
  if (kind === 1) return lines.toSpliced(random.below(lines.length), 0, lines[line]).join('\n');
  if (kind === 2) return lines.toSpliced(line, 0, random.pick(random.pick(texts).split('\n'))).join('\n');
  if (kind === 3) return text.slice(0, at) + text.slice(at + 1 + random.below(3));
  if (kind === 4 && special) return special();
  return text.slice(0, at) + random.pick(pieces) + text.slice(at);
}

/** Mostly a place in a line that this reader looks at, because most lines of a Dockerfile are none. */
function placeIn(random, text) {
  const lines = [...text.matchAll(/^.*(?:FROM|ARG|COPY|RUN|ONBUILD|syntax|from=|<<).*$/gim)];
  if (lines.length === 0 || random.chance(0.3)) return random.below(text.length + 1);
  const { 0: line, index } = random.pick(lines);
  return index + random.below(Math.min(line.length, 80) + 1);
}
