/**
 * Measures how long it takes to load an image of 1 GB into the nodes: through the local registry,
 * as an archive, and with `kind load docker-image`. The loads: the first one, 5 MB changed, nothing
 * changed, a second name, ten images that share a base of 400 MB, and the first load of 600 MB of
 * programs (Docker can compress these, but not the random bytes of the other images). With one node
 * and with three, in clusters that it creates and deletes. Prints medians and ratios of one run;
 * the contenders take turns, because the speed of a machine varies. Needs some 15 GB of disk space.
 *
 * node bench/load.ts [rounds] [nodes,…]
 */
import { execFileSync } from 'node:child_process';
import { randomBytes, randomFillSync } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LABELS } from '../src/core/labels.ts';
import type { LoadSummary } from '../src/core/summary.ts';
import { dataSize } from '../src/core/words.ts';
import { median, ratio, table } from './support/figures.ts';

const ROUNDS = Number(process.argv[2] ?? 3);
/** The number of nodes of each cluster; one cluster at a time. */
const NODES = (process.argv[3] ?? '1,3').split(',').map(Number);
const HARNESS = join(import.meta.dirname, '..', 'dist', 'bin', 'harness.cjs');
const PROJECT = `bench-load-${process.pid}`;
const MB = 1_000_000;
/** The layers, lowest first; the last one changes. */
const LAYERS = [400, 400, 150, 5].map((size, at) => ({ file: `layer${at}`, bytes: size * MB }));
const IMAGES: Record<string, string> = {
  app: `${PROJECT}/app:dev`,
  second: `${PROJECT}/app:second`,
  programs: `${PROJECT}/programs:dev`,
  small: `${PROJECT}/small:dev`,
};
const TEN = Array.from({ length: 10 }, (_, at) => `part${at}`);
for (const name of TEN) IMAGES[name] = `${PROJECT}/${name}:dev`;
let nodeCount = 1;

const root = mkdtempSync(join(tmpdir(), `${PROJECT}-`));

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 100 * MB,
  });
}

function harness(transport: string, ...args: string[]): LoadSummary[] {
  const images = Object.fromEntries(Object.entries(IMAGES).map(([name, tag]) => [name, { context: 'context', tag }]));
  const config = {
    project: PROJECT,
    cluster: { nodes: nodeCount },
    images,
    load: { transport },
    tests: { command: ['true'] },
  };
  writeFileSync(join(root, 'harness.config.json'), JSON.stringify(config));
  const lines = run(process.execPath, HARNESS, ...args, '--json')
    .trimEnd()
    .split('\n');
  return (JSON.parse(lines.at(-1) ?? '{}') as { loads: LoadSummary[] }).loads;
}

function fill({ file, bytes }: { file: string; bytes: number }): void {
  writeFileSync(join(root, 'context', file), randomFillSync(Buffer.alloc(bytes)));
}

function build(image: string, dockerfile: string): void {
  const labels = [`--label=${LABELS.project}=${PROJECT}`, `--label=${LABELS.image}=${image}`];
  run(
    'docker',
    'build',
    '--quiet',
    '--provenance=false',
    ...labels,
    `--tag=${IMAGES[image]}`,
    `--file=context/${dockerfile}`,
    'context',
  );
}

function change(): void {
  for (const layer of LAYERS.slice(-1)) fill(layer);
  build('app', 'Dockerfile');
}

/** Builds ten images of one base, each with a new layer of its own. */
function changeTen(): void {
  for (const image of TEN) {
    fill({ file: image, bytes: 5 * MB });
    writeFileSync(
      join(root, 'context', `${image}.Dockerfile`),
      `FROM scratch\nCOPY ${LAYERS[0]?.file} /\nCOPY ${image} /\n`,
    );
    build(image, `${image}.Dockerfile`);
  }
}

/** Builds an image with two new layers of programs: copies of Node and some random bytes. */
function changePrograms(): void {
  const program = readFileSync(process.execPath);
  const copies = Array.from({ length: Math.ceil((300 * MB) / program.length) }, () => program);
  for (const file of ['programs0', 'programs1'])
    writeFileSync(join(root, 'context', file), Buffer.concat([...copies, randomBytes(16)]));
  writeFileSync(join(root, 'context', 'programs.Dockerfile'), 'FROM scratch\nCOPY programs0 /\nCOPY programs1 /\n');
  build('programs', 'programs.Dockerfile');
}

function buildSmall(): void {
  fill({ file: 'small', bytes: 1000 });
  writeFileSync(join(root, 'context', 'small.Dockerfile'), 'FROM scratch\nCOPY small /\n');
  build('small', 'small.Dockerfile');
}

/** The duration of a load and the bytes it reports; kind does not report any. */
interface Outcome {
  seconds: number;
  bytes: number | undefined;
}

function timed(work: () => LoadSummary[] | undefined): Outcome {
  const start = performance.now();
  const loads = work();
  const seconds = (performance.now() - start) / 1000;
  // The push happens once for all nodes, but is reported for each of them.
  return { seconds, bytes: loads?.reduce((sum, { bytes, pushed }) => sum + bytes + (pushed ?? 0) / nodeCount, 0) };
}

const contenders: Record<string, (...images: string[]) => LoadSummary[] | undefined> = {
  registry: (...images) => harness('registry', 'load-if-needed', ...images),
  archive: (...images) => harness('archive', 'load-if-needed', ...images),
  'kind load': (...images) =>
    void run('kind', 'load', 'docker-image', '--name', PROJECT, ...images.map((image) => IMAGES[image] as string)),
};

const nodes = (): string[] => run('kind', 'get', 'nodes', '--name', PROJECT).trim().split('\n');
const imagesIn = (node: string): string[] =>
  run('docker', 'exec', node, 'ctr', '--namespace=k8s.io', 'images', 'ls', '-q').trim().split('\n');

/** Empties nodes and registry, as they are after `up`. */
function forget(initial: Map<string, string[]>): void {
  for (const [node, names] of initial) {
    const more = imagesIn(node).filter((name) => !names.includes(name));
    if (more.length > 0) run('docker', 'exec', node, 'ctr', '--namespace=k8s.io', 'images', 'rm', '--sync', ...more);
  }
  run('docker', 'rm', '--force', '--volumes', `${PROJECT}-registry`);
  harness('registry', 'load', 'small');
}

function retag(): void {
  run('docker', 'tag', IMAGES['app'] as string, IMAGES['second'] as string);
}

/** The disk's write speed, including `fsync`, in bytes per second. */
function diskSpeed(): number {
  const block = randomFillSync(Buffer.alloc(64 * MB));
  const file = openSync(join(root, 'speed'), 'w');
  const start = performance.now();
  for (let i = 0; i < 8; i++) writeSync(file, block);
  fsyncSync(file);
  const seconds = (performance.now() - start) / 1000;
  closeSync(file);
  return (8 * block.length) / seconds;
}

/** The measured loads of each contender, in this order; `before` is not measured. */
const scenarios: [title: string, before: () => void, images: string[]][] = [
  ['first load', change, ['app']],
  ['5 MB of 1 GB changed', change, ['app']],
  ['nothing changed', () => undefined, ['app']],
  ['second name', retag, ['second']],
  ['10 images of one base', changeTen, TEN],
  ['first load of programs', changePrograms, ['programs']],
];
const figures = new Map<string, Outcome[]>();
const key = (title: string, contender: string, nodesOf = nodeCount) => `${nodesOf}/${title}/${contender}`;
const medianOf = (at: string, value: (outcome: Outcome) => number) => median((figures.get(at) ?? []).map(value));

function measure(): void {
  harness('registry', 'up');
  const initial = new Map(nodes().map((node) => [node, imagesIn(node)]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [contender, load] of Object.entries(contenders)) {
      forget(initial);
      for (const [title, before, images] of scenarios) {
        before();
        const outcome = timed(() => load(...images));
        console.log(
          `${key(title, contender)}: ${outcome.seconds.toFixed(2)} s${outcome.bytes === undefined ? '' : `, ${dataSize(outcome.bytes)}`}`,
        ); // because the whole run takes long
        figures.set(key(title, contender), [...(figures.get(key(title, contender)) ?? []), outcome]);
      }
    }
  }
}

function report(speed: number): void {
  const names = Object.keys(contenders);
  const rows = [
    [
      'load',
      ...names.map((name) => `${name} (s)`),
      'kind/registry',
      'kind/archive',
      'moved: registry',
      'archive',
      'minimum (s)',
      'relative to one node',
    ],
  ];
  for (nodeCount of NODES) {
    for (const [title] of scenarios) {
      const seconds = (contender: string, nodesOf?: number) =>
        medianOf(key(title, contender, nodesOf), (outcome) => outcome.seconds);
      const bytes = (contender: string) => medianOf(key(title, contender), (outcome) => outcome.bytes ?? NaN);
      rows.push([
        `${title}, ${nodeCount} node${nodeCount === 1 ? '' : 's'}`,
        ...names.map((name) => seconds(name).toFixed(2)),
        ratio(seconds('kind load'), seconds('registry')),
        ratio(seconds('kind load'), seconds('archive')),
        dataSize(bytes('registry')),
        dataSize(bytes('archive')),
        (bytes('registry') / speed).toFixed(2),
        ratio(seconds('registry'), seconds('registry', 1)),
      ]);
    }
  }
  console.log(
    `${ROUNDS} rounds, medians; the minimum is writing the registry's bytes at this disk's speed of ${dataSize(speed)}/s`,
  );
  console.log(table(rows));
}

try {
  mkdirSync(join(root, 'context'));
  LAYERS.forEach(fill);
  writeFileSync(
    join(root, 'context', 'Dockerfile'),
    `FROM scratch\n${LAYERS.map(({ file }) => `COPY ${file} /\n`).join('')}`,
  );
  change();
  retag();
  changeTen();
  changePrograms();
  buildSmall();
  for (nodeCount of NODES) measure();
  report(diskSpeed());
} finally {
  harness('registry', 'clean');
  rmSync(root, { recursive: true, force: true });
}
