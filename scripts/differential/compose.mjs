/**
 * Random Dockerfiles that BuildKit mostly accepts, and that are difficult to read: edits of real
 * files rarely are both.
 */
export function composeDockerfile(random) {
  const mark = random.chance(0.2) ? '`' : '\\';
  const names = ['A', 'B', 'C', 'TARGETARCH', 'U'];
  const head = mark === '`' ? ['# escape=`'] : [];
  if (random.chance(0.1)) head.push(random.pick(['# syntax=s:1', '#syntax = s:2 x', '# check=skip=all']));
  const lines = [...head];
  for (let left = 1 + random.below(4); left > 0; left--) lines.push(argument(random, names, mark));
  const stages = [];
  for (let left = 1 + random.below(3); left > 0; left--) {
    const earlier = [...stages];
    lines.push(from(random, names, mark, stages));
    const sources = random.chance(0.05) ? stages : earlier;
    for (let more = random.below(4); more > 0; more--) lines.push(...instruction(random, sources, mark));
  }
  const text = lines.map((line) => continued(random, line, mark)).join(random.chance(0.05) ? '\r\n' : '\n');
  const buildArgs = Object.fromEntries(
    names
      .filter(() => random.chance(0.15))
      .map((name) => [name, random.pick(['v', 'a-b.c', '', 'a.b-a.b', 'x"y"', '$1', '\\*', '1'])]),
  );
  return { text, buildArgs, target: random.chance(0.2) && stages.length > 0 ? random.pick(stages) : '' };
}

function argument(random, names, mark) {
  const pairs = Array.from({ length: random.chance(0.2) ? 2 : 1 }, () => {
    const name = random.pick(names);
    return random.chance(0.1) ? name : `${name}=${word(random, names, mark, 2)}`;
  });
  return `${random.pick(['ARG', 'ARG', 'arg'])} ${pairs.join(' ')}`;
}

function from(random, names, mark, stages) {
  const base = random.chance(0.2) && stages.length > 0 ? random.pick(stages) : `i${word(random, names, mark, 2)}z`;
  const platform = random.chance(0.1) ? '--platform=$BUILDPLATFORM ' : '';
  if (random.chance(0.5)) return `FROM ${platform}${base}`;
  const name = random.pick(['s', 't', 'S2', 'debian', 'u.v']);
  const line = `FROM ${platform}${base} ${random.pick(['AS', 'as', 'As'])} ${name}`;
  stages.push(name.toLowerCase());
  return line;
}

function instruction(random, stages, mark) {
  const source = () => random.pick([...stages, 'c:1', 'd', '0', '"e:1"', "'f'", 'scratch', 'g:"1"', 'debian']);
  const copy = () =>
    `COPY ${random.pick(['', '--link '])}--from=${source()} ${random.pick(['', '--chown=1 ', '-- '])}/a /b`;
  const mount = () => {
    const from = `${random.pick(['from', 'from', 'From'])}=${source()}`;
    const more = random.pick(['', ',target=/x', ',type=cache,target=/y', ',"target=/a,b"', `,source=à,target=/z`]);
    return `--mount=${random.pick(['', 'type=bind,', 'rw,'])}${random.pick([from, `'${from}'`, `${mark}"${from}${mark}"`])}${more}`;
  };
  const run = () => `RUN ${mount()} ${random.pick(['', '-- ', '--network=none '])}echo`;
  switch (random.below(8)) {
    case 0:
    case 1:
      return [copy()];
    case 2:
    case 3:
      return [run()];
    case 4:
      return [`ONBUILD ${random.chance(0.5) ? copy() : run()}`];
    case 5:
      return [
        random.pick([
          '# comment',
          '',
          `ENV X=1 Y="${mark}"" Z='x'`,
          'LABEL a="b" c=d',
          'RUN ["a", "b <<X"]',
          'CMD <<X',
        ]),
      ];
    default:
      return heredoc(random, mark);
  }
}

/** Every line is also an instruction, because what is a here-document for one reader may be none for another. */
function heredoc(random, mark) {
  const delimiter = random.pick([
    'RUN',
    '"RUN"',
    "'RUN'",
    `${mark}RUN`,
    'RU"N"',
    'RUN"',
    '$RUN',
    '"RUN 1"',
    'RUN${E}',
    '\\RUN',
  ]);
  const start = random.pick([
    'RUN',
    'COPY',
    'RUN cat',
    'ONBUILD RUN',
    'ADD',
    'RUN "x y"',
    "RUN echo 'a b'",
    'RUN a${B:-c}',
  ]);
  const operator = random.pick(['<<', '<<-', '<< ', '3<<', 'x<<', '<<<', ' << ', '"<<', '<']);
  const end = start.startsWith('COPY') || start.startsWith('ADD') ? ' /x' : random.pick(['', ' sh', ' "q"', ' | x']);
  const from = `FROM h${random.below(9)}`;
  const close = random.pick([
    ['RUN'],
    ['\tRUN', 'RUN'],
    ['RUN 1', 'RUN'],
    ['RUN', 'RUN'],
    [' RUN', 'RUN ', 'RUN'],
    ['RUN', from],
  ]);
  return [`${start} ${operator}${delimiter}${end}`, random.pick(['RUN x', '# c', `RUN x ${mark}`, from]), ...close];
}

/** Part of a reference, with quotes and parameters. */
function word(random, names, mark, depth) {
  let text = '';
  for (let left = 1 + random.below(3); left > 0; left--) text += piece(random, names, mark, depth);
  return text;
}

const LITERALS = ['a', 'b', 'c.d', 'f-e', '1', 'a-b-a', 'a_b', 'x/y', 'x.y.z', '0a'];

function piece(random, names, mark, depth) {
  if (depth === 0) return random.pick(LITERALS);
  const inner = () => word(random, names, mark, depth - 1);
  const name = random.pick(names);
  switch (random.below(12)) {
    case 0:
    case 1:
      return `"${inner()}"`;
    case 2:
      return `'${random.pick([inner(), 'a', '', 'a-b'])}'`;
    case 3:
      return `${mark}${random.pick(['a', 'b', '1', 'a-b'])}`;
    case 4:
      return `$${name}`;
    case 5:
      return `\${${name}}`;
    case 6:
      return `\${${name}${random.pick([':-', '-', ':+', '+', ':?', '?'])}${inner()}}`;
    case 7:
    case 8:
      return `\${${name}${random.pick(['#', '##', '%', '%%'])}${pattern(random, inner, mark)}}`;
    case 9:
      return `\${${name}${random.pick(['/', '//'])}${pattern(random, inner, mark)}/${random.pick(['', inner(), '$1x', `${mark}/`])}}`;
    default:
      return random.pick(LITERALS);
  }
}

function pattern(random, inner, mark) {
  return Array.from({ length: 1 + random.below(3) }, () =>
    random.pick([
      '*',
      '?',
      '-',
      'a',
      '.',
      '[',
      '"*"',
      "'-'",
      `${mark}*`,
      `${mark}?`,
      `"${mark}*"`,
      `'${mark}${mark}'`,
      '"-"',
      inner(),
    ]),
  ).join('');
}

/** A line may be split between its words, also by comments and empty lines. */
function continued(random, line, mark) {
  if (!random.chance(0.1) || line.startsWith('#') || !line.includes(' ') || line.includes('<<')) return line;
  return line.replace(
    ' ',
    ` ${mark}${random.pick(['', ' ', '\t'])}\n${random.pick(['', '# c\n', ' # c\n', '\n', '  '])}`,
  );
}
