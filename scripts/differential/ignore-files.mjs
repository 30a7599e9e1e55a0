import { IgnoreRules } from '../../src/patterns/dockerignore.ts';

/** The paths that differ between what BuildKit sends of a tree and what this reader keeps. */
export async function compareIgnored(reader, { ignore, paths }) {
  const { kept, error } = await reader.ask({ ignore, paths });
  if (error) return { error, differing: [] };
  const ours = keptOf(ignore, paths);
  return {
    differing: [...kept.filter((path) => !ours.has(path)), ...[...ours].filter((path) => !kept.includes(path))],
  };
}

/** As src/sources/walk.ts does it: an ignored directory is in the context if anything in it is. */
function keptOf(ignore, paths) {
  const rules = new IgnoreRules(ignore);
  const kept = new Set();
  const enter = (directory, match) => {
    for (const entry of paths) {
      const path = entry.replace(/\/$/, '');
      if (!path.startsWith(directory) || path.slice(directory.length).includes('/')) continue;
      const own = rules.match(path, match);
      if (own.ignored && !(entry.endsWith('/') && rules.mayHoldExceptions(path))) continue;
      if (entry.endsWith('/')) enter(`${path}/`, own);
      const prefix = `${path}/`;
      if (!own.ignored || [...kept].some((name) => name.startsWith(prefix))) kept.add(path);
    }
  };
  enter('', undefined);
  return kept;
}

const NAMES = [
  'a',
  'b',
  'ab',
  '.a',
  'a.b',
  'é',
  'a b',
  '^',
  ']',
  '|',
  '{1}',
  '!a',
  '#a',
  'src',
  'node_modules',
  '.git',
];
const PIECES = [
  '*',
  '**',
  '?',
  '/',
  '/',
  '**/',
  '/**',
  '[ab]',
  '[^a]',
  '[a-é]',
  '\\',
  '\\*',
  '\\d',
  '\\pL',
  '\\p{^Lu}',
  '\\b',
  '\\Q',
  '\\x61',
  '[[:alpha:]]',
  '[^[:^lower:]/]',
  '|',
  '^',
  '$',
  '+',
  '(',
  '{0}',
  '{1,2}',
  '{2,}',
  '{2,1}',
  '{1001}',
  '..',
  './',
  '{1}',
  ' ',
  '!',
];
const BEFORE = ['', '', '', '!', '!', '! ', '#', ' ', '/', '!/', '/!'];

/** Random lines, or lines of the given ignore files, and a tree whose names occur in them. */
export function ignoreQuestion(random, texts) {
  const lines = Array.from({ length: 1 + random.below(5) }, () =>
    texts.length > 0 && random.chance(0.3) ? random.pick(random.pick(texts).split('\n')) : randomLine(random),
  );
  if (random.chance(0.3)) lines.unshift(random.pick(['*', '**', '*/*']));
  const ignore = lines.join(random.chance(0.1) ? '\r\n' : '\n');
  const words = ignore.split(/[\s/!*?[\]\\]+/).filter((word) => word !== '' && !/^\.+$/.test(word));
  const name = () => random.pick(words.length > 0 && random.chance(0.5) ? words : NAMES);
  return { ignore, paths: randomTree(random, name) };
}

function randomLine(random) {
  const pieces = Array.from({ length: 1 + random.below(4) }, () => random.pick(random.chance(0.5) ? NAMES : PIECES));
  return random.pick(BEFORE) + pieces.join('') + random.pick(['', '', '', '/', ' ']);
}

function randomTree(random, name) {
  const files = Array.from({ length: 4 + random.below(12) }, () =>
    Array.from({ length: 1 + random.below(4) }, name).join('/'),
  );
  const directories = new Set(
    files.flatMap((file) => [...file.matchAll(/\//g)].map(({ index }) => file.slice(0, index + 1))),
  );
  return [...directories, ...new Set(files.filter((file) => !directories.has(`${file}/`)))];
}
