/**
 * What it costs to bring an image of 1 GB into the nodes: through the registry beside the cluster, as an archive, and with
 * `kind load docker-image`. First load, 5 MB of it changed, nothing changed, a second name. Makes a cluster of its own and deletes it.
 * Prints medians and ratios of one run; the contenders take turns, because machines drift. Needs some 10 GB of disk.
 *
 * node bench/load.ts [rounds] [nodes]
 */
import { execFileSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LABELS } from '../src/model/image.ts';
import type { LoadSummary } from '../src/model/summary.ts';
import { dataSize } from '../src/model/words.ts';
import { median, ratio, table } from './support/figures.ts';

const ROUNDS = Number(process.argv[2] ?? 3);
const NODES = Number(process.argv[3] ?? 1);
const HARNESS = join(import.meta.dirname, '..', 'dist', 'bin', 'harness.cjs');
const PROJECT = `bench-load-${process.pid}`;
const MB = 1_000_000;
/** The layers, lowest first; the last one is the one that changes. */
const LAYERS = [400, 400, 150, 5].map((size, at) => ({ file: `layer${at}`, bytes: size * MB }));
const IMAGES = { app: `${PROJECT}/app:dev`, second: `${PROJECT}/app:second` };

const root = mkdtempSync(join(tmpdir(), `${PROJECT}-`));

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 100 * MB });
}

function harness(transport: string, ...args: string[]): LoadSummary[] {
  const images = Object.fromEntries(Object.entries(IMAGES).map(([name, tag]) => [name, { context: 'context', tag }]));
  const config = { project: PROJECT, cluster: { nodes: NODES }, images, load: { transport }, tests: { command: ['true'] } };
  writeFileSync(join(root, 'harness.config.json'), JSON.stringify(config));
  const lines = run(process.execPath, HARNESS, ...args, '--json')
    .trimEnd()
    .split('\n');
  return (JSON.parse(lines.at(-1) ?? '{}') as { loads: LoadSummary[] }).loads;
}

function fill({ file, bytes }: { file: string; bytes: number }): void {
  writeFileSync(join(root, 'context', file), randomFillSync(Buffer.alloc(bytes)));
}

function change(): void {
  for (const layer of LAYERS.slice(-1)) fill(layer);
  run('docker', 'build', '--quiet', '--provenance=false', `--label=${LABELS.project}=${PROJECT}`, `--tag=${IMAGES.app}`, 'context');
}

/** Seconds of a load and the bytes that it says it moved; kind says nothing, and moves the whole image. */
interface Outcome {
  seconds: number;
  bytes: number | undefined;
}

function timed(work: () => LoadSummary[] | undefined): Outcome {
  const start = performance.now();
  const loads = work();
  const seconds = (performance.now() - start) / 1000;
  return { seconds, bytes: loads?.reduce((sum, { bytes, pushed }) => sum + bytes + (pushed ?? 0) / loads.length, 0) };
}

const contenders: Record<string, (image: keyof typeof IMAGES) => LoadSummary[] | undefined> = {
  registry: (image) => harness('registry', 'load-if-needed', image),
  archive: (image) => harness('archive', 'load-if-needed', image),
  'kind load': (image) => void run('kind', 'load', 'docker-image', '--name', PROJECT, IMAGES[image]),
};

const nodes = (): string[] => run('kind', 'get', 'nodes', '--name', PROJECT).trim().split('\n');
const imagesIn = (node: string): string[] =>
  run('docker', 'exec', node, 'ctr', '--namespace=k8s.io', 'images', 'ls', '-q').trim().split('\n');

/** Nodes and registry as before any load. */
function forget(initial: Map<string, string[]>): void {
  for (const [node, names] of initial) {
    const more = imagesIn(node).filter((name) => !names.includes(name));
    if (more.length > 0) run('docker', 'exec', node, 'ctr', '--namespace=k8s.io', 'images', 'rm', '--sync', ...more);
  }
  run('docker', 'rm', '--force', '--volumes', `${PROJECT}-registry`);
}

function retag(): void {
  run('docker', 'tag', IMAGES.app, IMAGES.second);
}

/** Bytes a second that this disk takes for good. */
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

const scenarios = ['first load', '5 MB of 1 GB changed', 'nothing changed', 'second name'] as const;
const figures = new Map<string, Outcome[]>();
const record = (scenario: string, contender: string, outcome: Outcome) => {
  const key = `${scenario}/${contender}`;
  figures.set(key, [...(figures.get(key) ?? []), outcome]);
};

try {
  mkdirSync(join(root, 'context'));
  LAYERS.forEach(fill);
  writeFileSync(join(root, 'context', 'Dockerfile'), `FROM scratch\n${LAYERS.map(({ file }) => `COPY ${file} /\n`).join('')}`);
  harness('registry', 'up');
  change();
  const initial = new Map(nodes().map((node) => [node, imagesIn(node)]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [contender, load] of Object.entries(contenders)) {
      forget(initial);
      change();
      record(
        'first load',
        contender,
        timed(() => load('app')),
      );
      change();
      record(
        '5 MB of 1 GB changed',
        contender,
        timed(() => load('app')),
      );
      record(
        'nothing changed',
        contender,
        timed(() => load('app')),
      );
      retag();
      record(
        'second name',
        contender,
        timed(() => load('second')),
      );
    }
  }
  const speed = diskSpeed();
  const names = Object.keys(contenders);
  const rows = [
    ['load', ...names.map((name) => `${name} (s)`), 'kind/registry', 'kind/archive', 'moved: registry', 'archive', 'floor (s)'],
  ];
  for (const scenario of scenarios) {
    const of = (contender: string) => figures.get(`${scenario}/${contender}`) ?? [];
    const seconds = (contender: string) => median(of(contender).map((outcome) => outcome.seconds));
    const bytes = (contender: string) => median(of(contender).map((outcome) => outcome.bytes ?? NaN));
    rows.push([
      scenario,
      ...names.map((name) => seconds(name).toFixed(2)),
      ratio(seconds('kind load'), seconds('registry')),
      ratio(seconds('kind load'), seconds('archive')),
      dataSize(bytes('registry')),
      dataSize(bytes('archive')),
      (bytes('registry') / speed).toFixed(2),
    ]);
  }
  console.log(`${ROUNDS} rounds, medians; ${NODES} nodes; the floor is what the registry way moves, at this disk's ${dataSize(speed)}/s`);
  console.log(table(rows));
} finally {
  harness('registry', 'clean');
  rmSync(root, { recursive: true, force: true });
}
