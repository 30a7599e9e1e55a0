/**
 * Measures a check that finds nothing changed. Compares `harness cache-status` with the minimum (an
 * empty Node program and one `crictl images` in the node), with `git status`, and with a simple
 * shell script, on trees of several sizes and on one large file. Then all files are touched:
 * nothing must be built, and the second check must be as fast as before. Prints medians and ratios
 * of one run; the commands take turns, because the speed of a machine varies. Needs the cluster of
 * the example: `just up`.
 *
 * node bench/freshness.ts [rounds]
 */
import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { median, ratio, table } from './support/figures.ts';

const ROUNDS = Number(process.argv[2] ?? 7);
const HARNESS = join(import.meta.dirname, '..', 'dist', 'bin', 'harness.cjs');
const PROJECT = 'kind-harness-example';
/**
 * Milliseconds after which file time stamps are unambiguous, so that touched files are read only
 * once.
 */
const SETTLED_MS = 3_000;
const NODE = `${PROJECT}-control-plane`;

/** A project with one image whose context is the given tree; it shares the example's cluster. */
function makeProject(fill: (context: string) => void): string {
  const root = mkdtempSync(join(tmpdir(), 'bench-freshness-'));
  const context = join(root, 'context');
  mkdirSync(context);
  fill(context);
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\n');
  const config = {
    project: PROJECT,
    images: { bench: { context: 'context', tag: 'kind-harness-bench/freshness:dev' } },
    tests: { command: ['true'] },
  };
  writeFileSync(join(root, 'harness.config.json'), JSON.stringify(config));
  run('git', ['init', '--quiet'], root);
  run('git', ['add', '--all'], root);
  run(process.execPath, [HARNESS, 'build-if-needed'], root);
  return root;
}

function manyFiles(count: number): (context: string) => void {
  return (context) => {
    for (let i = 0; i < count; i++) {
      const directory = join(context, `d${Math.floor(i / 100)}`);
      if (i % 100 === 0) mkdirSync(directory);
      writeFileSync(join(directory, `f${i}`), `${i}`.padEnd(4096));
    }
  };
}

function oneLargeFile(bytes: number): (context: string) => void {
  return (context) => {
    const file = openSync(join(context, 'large'), 'w');
    ftruncateSync(file, bytes);
    closeSync(file);
  };
}

function run(program: string, args: string[], cwd: string): void {
  execFileSync(program, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
}

function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

const crictl = (root: string) => run('docker', ['exec', NODE, 'crictl', 'images', '-o', 'json'], root);
const contenders: Record<string, (root: string) => void> = {
  harness: (root) => run(process.execPath, [HARNESS, 'cache-status', '--expect-fresh'], root),
  minimum: (root) => {
    run(process.execPath, ['-e', '0'], root);
    crictl(root);
  },
  'git status': (root) => run('git', ['status', '--porcelain'], root),
  'shell script': (root) => {
    // The commands that a script would run: find files newer than the image, and list the images
    // of the node.
    run(
      'sh',
      [
        '-c',
        'touch -d "$(docker image inspect -f "{{.Created}}" kind-harness-bench/freshness:dev)" .mark && find context -newer .mark',
      ],
      root,
    );
    crictl(root);
  },
};

const trees: Record<string, (context: string) => void> = {
  '1,000 files': manyFiles(1_000),
  '10,000 files': manyFiles(10_000),
  '100,000 files': manyFiles(100_000),
  'one file of 1 GB': oneLargeFile(1e9),
};

const rows: string[][] = [
  ['tree', ...Object.keys(contenders).map((name) => `${name} (ms)`), 'harness/minimum', 'harness/shell', 'harness/git'],
];
const touchedRows: string[][] = [['tree, all touched', 'first check (ms)', 'second (ms)', 'second/untouched']];
for (const [name, fill] of Object.entries(trees)) {
  const root = makeProject(fill);
  try {
    const times: Record<string, number[]> = {};
    // The first round fills the disk cache and does not count.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [contender, work] of Object.entries(contenders)) {
        const ms = timed(() => work(root));
        if (round > 0) (times[contender] ??= []).push(ms);
      }
    }
    const medianOf = (contender: string) => median(times[contender] ?? []);
    rows.push([
      name,
      ...Object.keys(contenders).map((contender) => medianOf(contender).toFixed(0)),
      ratio(medianOf('harness'), medianOf('minimum')),
      ratio(medianOf('harness'), medianOf('shell script')),
      ratio(medianOf('harness'), medianOf('git status')),
    ]);
    run('find', ['context', '-exec', 'touch', '{}', '+'], root);
    await sleep(SETTLED_MS);
    const check = () => timed(() => contenders['harness']?.(root));
    const first = check();
    const second = median(Array.from({ length: ROUNDS }, check));
    touchedRows.push([name, first.toFixed(0), second.toFixed(0), ratio(second, medianOf('harness'))]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
console.log(`${ROUNDS} rounds, medians`);
console.log(table(rows));
console.log(table(touchedRows));
execFileSync('docker', ['rmi', 'kind-harness-bench/freshness:dev'], { stdio: 'ignore' });
