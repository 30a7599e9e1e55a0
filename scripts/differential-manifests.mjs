#!/usr/bin/env node
/**
 * Compares this reader of manifests with kubectl's libraries, object by object. Needs Go.
 * Usage: differential-manifests.mjs [--edits N] [--seed N] [DIRECTORY…]
 *          compares every YAML and JSON file in the directories, and N random edits of them.
 *          Without a directory, the recorded manifests are used.
 *        differential-manifests.mjs --record
 *          writes the answers of kubectl's libraries into test/unit/manifests/corpus.json.
 * Ends with 1 if this reader read a file in another way, or accepted or refused another one.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decodeText } from '../src/manifests/decode-text.ts';
import { readObjects } from '../src/manifests/read-objects.ts';
import { editManifest } from './differential-manifests/edits.mjs';
import { randomFrom } from './differential/edits.mjs';
import { startReader } from './differential/reader.mjs';

const ROOT = join(import.meta.dirname, '..');
const CORPUS = join(ROOT, 'test', 'unit', 'manifests', 'corpus.json');

const { values: options, positionals: directories } = parseArgs({
  allowPositionals: true,
  options: {
    edits: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    record: { type: 'boolean', default: false },
  },
});
const reader = startReader(ROOT, join(import.meta.dirname, 'differential-manifests'));
const isRight = options.record ? await record() : await compareAll();
await reader.close();
process.exitCode = isRight ? 0 : 1;

async function record() {
  const cases = JSON.parse(readFileSync(CORPUS, 'utf8'));
  for (const entry of cases) entry.kubectl = await kubectlOf(Buffer.from(entry.text));
  writeFileSync(CORPUS, `[\n${cases.map((entry) => JSON.stringify(entry)).join(',\n')}\n]\n`); // a case, a line
  return true;
}

async function compareAll() {
  const files =
    directories.length > 0
      ? directories.flatMap(filesIn)
      : JSON.parse(readFileSync(CORPUS, 'utf8')).map(({ rule, text }) => ({ path: rule, bytes: Buffer.from(text) }));
  const { isRight: areFilesRight, accepted } = await compareFiles('files', files);
  const random = randomFrom(Number(options.seed));
  const texts = accepted.map(({ bytes }) => bytes.toString('utf8')).filter((text) => text.length < 20_000);
  const edited = Array.from({ length: Number(options.edits) }, (_, at) => ({
    path: `edit ${at}`,
    bytes: Buffer.from(editManifest(random, texts)),
  }));
  return (edited.length === 0 || (await compareFiles('edited files', edited)).isRight) && areFilesRight;
}

function filesIn(directory) {
  return readdirSync(directory, { recursive: true })
    .map((name) => join(directory, name))
    .filter((path) => /\.(ya?ml|json)$/.test(path) && statSync(path).isFile())
    .map((path) => ({ path, bytes: readFileSync(path) }));
}

async function compareFiles(title, files) {
  const accepted = [];
  const sums = { objects: 0, misread: 0, 'refused here only': 0, 'accepted here only': 0, 'refused by both': 0 };
  for (const file of files) {
    const kubectl = await kubectlOf(file.bytes);
    const difference = differenceOf(kubectl, file.bytes);
    if (!kubectl.error) accepted.push(file);
    else if (!difference) sums['refused by both']++;
    sums.objects += kubectl.objects.length;
    if (!difference) continue;
    sums[difference.kind]++;
    console.log(`${file.path}: ${difference.kind}: ${difference.what}`);
    if (title !== 'files') console.log(`  ${ascii(await shrink(file.bytes.toString('utf8'), difference.kind))}`);
  }
  console.log(
    `${files.length} ${title}: ${Object.entries(sums)
      .map(([name, n]) => `${n} ${name}`)
      .join(', ')}`,
  );
  return {
    isRight: sums.misread + sums['refused here only'] + (title === 'files' ? sums['accepted here only'] : 0) === 0,
    accepted,
  };
}

async function kubectlOf(bytes) {
  return reader.ask({ content: bytes.toString('base64') });
}

/** With every letter visible. */
function ascii(value) {
  return JSON.stringify(value).replace(
    /[^ -~]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function differenceOf(kubectl, bytes) {
  const ours = read(bytes);
  if (kubectl.error && ours.error) return undefined;
  if (ours.error) return { kind: 'refused here only', what: ours.error };
  if (kubectl.error) return { kind: 'accepted here only', what: kubectl.error };
  const [left, right] = [ours.objects, kubectl.objects].map((objects) => objects.map(canonical));
  const at = left.findIndex((text, index) => text !== right[index]);
  if (at === -1 && left.length === right.length) return undefined;
  if (at === -1) return { kind: 'misread', what: `${left.length} objects, not ${right.length}` };
  const from = [...left[at]].findIndex((character, index) => character !== right[at]?.[index]);
  const part = (text = '') => text.slice(Math.max(0, from - 40), from + 40);
  return { kind: 'misread', what: `object ${at + 1}: ${part(left[at])} is ${part(right[at])}` };
}

function read(bytes) {
  const { found, problems } = readObjects(decodeText(bytes));
  const [problem] = problems;
  if (problem) return { error: `line ${problem.line}: ${problem.message}` };
  const untyped = found.find(
    ({ value }) =>
      typeof value !== 'object' || Array.isArray(value) || typeof value.kind !== 'string' || value.kind === '',
  );
  if (untyped) return { error: `line ${untyped.line}: no kind` };
  return { objects: found.map(({ value }) => value) };
}

/** The same text for the same object: keys in order, every number as JSON has it. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null || JSON.isRawJSON(value)) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
}

/** A shorter text that is read differently in the same way. */
async function shrink(text, kind) {
  let best = text;
  const stillDiffers = async (candidate) => {
    const bytes = Buffer.from(candidate);
    return differenceOf(await kubectlOf(bytes), bytes)?.kind === kind;
  };
  for (let size = Math.ceil(best.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length;) {
      const candidate = best.slice(0, at) + best.slice(at + size);
      if (await stillDiffers(candidate)) best = candidate;
      else at += size;
    }
  }
  return best;
}
