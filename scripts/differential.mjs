#!/usr/bin/env node
/**
 * Compares this reader of Dockerfiles and ignore files with BuildKit's own libraries. Needs Go.
 * Usage: differential.mjs [--edits N] [--composed N] [--ignores N] [--seed N] [--verbose] [DIRECTORY…]
 *          compares every *Dockerfile* in the directories, N random edits of them, N random Dockerfiles,
 *          and N random trees with lines of the ignore files. Without a directory, the recorded Dockerfiles are used.
 *        differential.mjs --record
 *          writes BuildKit's answers into test/unit/freshness/corpus.json.
 * Ends with 1 if this reader missed an image, or read an instruction or an ignore file in another way.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { composeDockerfile } from './differential/compose.mjs';
import { compare, PLATFORM, shrink } from './differential/dockerfiles.mjs';
import { editDockerfile, randomFrom } from './differential/edits.mjs';
import { compareIgnored, ignoreQuestion } from './differential/ignore-files.mjs';
import { startReader } from './differential/reader.mjs';

const ROOT = join(import.meta.dirname, '..');
const CORPUS = join(ROOT, 'test', 'unit', 'freshness', 'corpus.json');

const { values: options, positionals: directories } = parseArgs({
  allowPositionals: true,
  options: {
    edits: { type: 'string', default: '0' },
    composed: { type: 'string', default: '0' },
    ignores: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    verbose: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
});
const reader = startReader(ROOT, join(import.meta.dirname, 'differential'));
const isRight = options.record ? await record() : await compareAll();
await reader.close();
process.exitCode = isRight ? 0 : 1;

async function record() {
  const cases = JSON.parse(readFileSync(CORPUS, 'utf8'));
  for (const entry of cases) {
    const { text, buildArgs = {}, platform = PLATFORM, target = '' } = entry;
    entry.buildkit = await reader.ask({ text, buildArgs, platform, target });
    delete entry.buildkit.ours;
    delete entry.buildkit.instructions;
  }
  writeFileSync(CORPUS, `[\n${cases.map((entry) => JSON.stringify(entry)).join(',\n')}\n]\n`); // a case, a line
  return true;
}

async function compareAll() {
  const files = directories.flatMap((directory) => filesIn(directory));
  const isIgnoreFile = ({ path }) => path.endsWith('dockerignore');
  const dockerfiles =
    directories.length > 0
      ? files.filter((file) => !isIgnoreFile(file)).map((file) => ({ ...file, text: readFileSync(file.path, 'utf8') }))
      : JSON.parse(readFileSync(CORPUS, 'utf8')).map((entry) => ({ ...entry, path: entry.rule }));
  const ignores = files.filter(isIgnoreFile).map(({ path }) => readFileSync(path, 'utf8'));
  const random = randomFrom(Number(options.seed));
  const { isRight: isFileRight, accepted } = await compareDockerfiles('Dockerfiles', dockerfiles);
  // Most edits of what BuildKit refuses are refused, too, and show nothing.
  const texts = accepted.length > 0 ? accepted.map(({ text }) => text) : ['FROM a\n'];
  const areEditsRight = await compareMany('edited', options.edits, () => editDockerfile(random, texts));
  const areComposedRight = await compareMany('composed', options.composed, () => composeDockerfile(random));
  return (await compareIgnores(random, ignores)) && isFileRight && areEditsRight && areComposedRight;
}

async function compareMany(kind, count, make) {
  const questions = Array.from({ length: Number(count) }, (_, at) => ({ path: `${kind} ${at}`, ...make() }));
  return questions.length === 0 || (await compareDockerfiles(`${kind} Dockerfiles`, questions)).isRight;
}

function filesIn(directory) {
  return readdirSync(directory, { recursive: true })
    .map((name) => join(directory, name))
    .filter((path) => /dockerfile|dockerignore$/i.test(path.slice(path.lastIndexOf('/'))) && statSync(path).isFile())
    .map((path) => ({ path }));
}

async function compareDockerfiles(title, questions) {
  const accepted = [];
  const sums = {
    missed: 0,
    misread: 0,
    extra: 0,
    'extra with ONBUILD': 0,
    refused: 0,
    'extra in refused': 0,
    images: 0,
  };
  for (let at = 0; at < questions.length; at += 1000) {
    const chunk = questions.slice(at, at + 1000);
    const results = await Promise.all(chunk.map((question) => compare(reader, question)));
    for (const [index, result] of results.entries()) await count(chunk[index], result, sums);
    accepted.push(...chunk.filter((_, index) => !results[index].buildkit.error));
  }
  console.log(
    `${questions.length} ${title}: ${Object.entries(sums)
      .map(([name, n]) => `${n} ${name}`)
      .join(', ')}`,
  );
  return { isRight: sums.missed + sums.misread === 0, accepted };
}

async function count(question, { missed, misread, extra, buildkit }, sums) {
  sums.images += buildkit.bases.length + buildkit.unreachable.length;
  sums.missed += missed.length;
  if (misread) sums.misread++;
  if (buildkit.error) sums.refused++;
  // BuildKit reads the triggers of the stages that the target needs, and no others.
  const kind = buildkit.error
    ? 'extra in refused'
    : /\bONBUILD\b/i.test(question.text)
      ? 'extra with ONBUILD'
      : 'extra';
  sums[kind] += extra.length;
  if (missed.length > 0) await show('missed', missed, question, (result) => result.missed.length > 0);
  else if (misread) await show('misread', [misread], question, (result) => result.misread !== undefined);
  else if (extra.length > 0 && kind === 'extra')
    await show('extra', extra, question, (result) => result.extra.length > 0 && !result.buildkit.error);
  else if (extra.length > 0 && options.verbose) console.log(question.path, kind, extra, buildkit.error);
}

async function show(kind, names, question, differs) {
  console.log(`${question.path}: ${kind} ${names.join(', ')}`);
  const { text, buildArgs, platform, target } = await shrink(reader, question, differs);
  console.log(`  ${JSON.stringify({ text, buildArgs, platform, target })}`);
}

async function compareIgnores(random, texts) {
  let refused = 0;
  let differing = 0;
  for (let left = Number(options.ignores); left > 0; left -= 1000) {
    const questions = Array.from({ length: Math.min(left, 1000) }, () => ignoreQuestion(random, texts));
    const results = await Promise.all(questions.map((question) => compareIgnored(reader, question)));
    for (const [at, { error, differing: paths }] of results.entries()) {
      if (error) refused++;
      if (paths.length === 0) continue;
      differing++;
      console.log(`${JSON.stringify(questions[at])}: differs at ${paths.join(', ')}`);
    }
  }
  if (Number(options.ignores) > 0)
    console.log(`${options.ignores} ignore files: ${differing} read differently, ${refused} refused`);
  return differing === 0;
}
