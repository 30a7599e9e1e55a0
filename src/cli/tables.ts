import type { Why } from '../building/why.ts';
import type { ClusterStatus } from '../cluster/status.ts';
import type { Tier } from '../config/config.ts';
import { ago, count, dataSize, seconds } from '../core/words.ts';
import type { ImageFactsNow } from '../facts/facts-now.ts';
import { describeChange } from '../freshness/decide-freshness.ts';
import type { Pruned } from '../pruning/pruned.ts';
import { differenceLines } from '../rendering/decide-difference.ts';
import type { CacheStatus } from '../run/cache-status.ts';
import type { StepDifference } from '../run/diff.ts';
import type { TierPlan } from '../run/dry-run.ts';
import type { VerifiedIndex } from '../run/wrong-index.ts';
import type { Check } from '../setup/diagnose.ts';

/** Aligns the columns of rows. */
export function columns(rows: readonly string[][]): string[] {
  const widths = rows.reduce<number[]>((all, row) => row.map((cell, i) => Math.max(all[i] ?? 0, cell.length)), []);
  return rows.map((row) =>
    row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join('  '),
  );
}

const MARKS = { fresh: '✅', stale: '🔶', missing: '❌' } as const;

const THEN = { build: '', take: ', its cache image will be used', pull: ', will be pulled', skip: '' };

/**
 * `cache-status` for people.
 * @param now milliseconds since the epoch
 */
export function cacheTable({ images, buildCache, verified }: CacheStatus, now: number): string[] {
  if (images.length === 0) return ['no images are configured'];
  const rows = images.flatMap((image) => {
    const { newest, created, size, nodes } = image;
    const inNodes = Object.entries(nodes).map(([node, verdict]) => `${verdict} in ${node}`);
    const facts: [string, string][] = [
      ['newest source', newest ? `${newest.path}, ${since(newest.modified, now)}` : 'none'],
      [
        'image',
        image.verdict === 'missing'
          ? 'none'
          : [created ? `built ${since(created, now)}` : [], dataSize(size ?? 0)].flat().join(', '),
      ],
      ['nodes', inNodes.join(', ') || 'none running'],
      ...(image.facts ? [['commit', commitLine(image.facts)] satisfies [string, string]] : []),
    ];
    const then = THEN[image.action];
    return [
      `${MARKS[image.verdict]} ${image.image}  ${image.reference}  ${image.verdict}${then}${reasonOf(image)}`,
      ...facts.map(([name, value]) => `     ${name.padEnd(FACT_WIDTH)} ${value}`),
    ];
  });
  if (verified) rows.push(verifiedLine(verified));
  if (!buildCache) return rows;
  return [...rows, `BuildKit's cache: ${dataSize(buildCache.bytes)}, ${dataSize(buildCache.inUse)} of it in use`];
}

/** The commit now; the image may carry an earlier one, which is no reason to build. */
function commitLine({ commit, dirty, unknown, carried }: ImageFactsNow): string {
  const files =
    dirty.length === 0 ? '' : `, with ${count(dirty.length, 'changed file')}: ${dirty.slice(0, 3).join(', ')}`;
  const now = unknown === undefined ? `${commit}${files}` : `unknown: ${unknown}`;
  const stamped = Object.entries(carried).map(([name, value]) => `${name}=${value}`);
  return stamped.length === 0 ? now : `${now}; the image carries ${stamped.join(', ')}`;
}

/** What `cache-status --verify` found, for people. An error names the files. */
function verifiedLine({ files, wrong }: VerifiedIndex): string {
  return `${count(files, 'file')} read: the index was ${wrong.length === 0 ? 'right' : 'wrong'}`;
}

/** ` (reason)` after a fresh verdict, `: reason` after any other. */
function reasonOf({ verdict, reason }: Pick<Why, 'verdict' | 'reason'>): string {
  return verdict === 'fresh' ? ` (${reason})` : `: ${reason}`;
}

const FACT_WIDTH = 14;

function since(moment: string, now: number): string {
  return ago(Date.parse(moment), now);
}

/**
 * `why` for people.
 * @param now milliseconds since the epoch
 */
export function whyLines(images: readonly Why[], now: number): string[] {
  const next = {
    build: 'the next test-cached will build it',
    take: 'the next test-cached will use its cache image',
    skip: 'it will not be built',
  };
  return images.flatMap((image) => [
    `${MARKS[image.verdict]} ${image.image} is ${image.verdict}${reasonOf(image)}; ${next[image.action]}`,
    ...image.changed.map((change) => `     ${describeChange(change)}`),
    image.lastBuild
      ? `   last built here ${since(image.lastBuild.at, now)}, in ${seconds(image.lastBuild.ms)}: ${image.lastBuild.reason}`
      : '   no build on this machine is recorded',
    ...(image.lastBuild?.changes ?? []).map((change) => `     ${change}`),
  ]);
}

/** What a tier would do, for people. */
export function planLines(
  command: Tier | 'deploy',
  { cluster, images, loads, objects, steps, removals }: TierPlan,
): string[] {
  const doing = { build: 'build', take: 'take', pull: 'pull', skip: 'keep' };
  const loading = { transfer: 'load', tag: 'name', skip: 'keep' };
  return columns([
    [`${command} would`, '', ''],
    [`  ${cluster.action}`, `cluster ${cluster.name}`, cluster.reason],
    ...images.map(({ image, action, reason }) => [`  ${doing[action]}`, `image ${image}`, reason]),
    ...loads.map(({ image, node, action, reason }) => [`  ${loading[action]}`, `image ${image} in ${node}`, reason]),
    ...(loads.length === 0 && images.length > 0 ? [['  load', 'all images', 'once the cluster exists']] : []),
    ['  deploy', count(objects, 'object'), ''],
    ...steps.map(({ name, place }) => ['  deploy', name, place]),
    ...removals.map(({ object, action, reason }) => [`  ${action}`, object, reason]),
    ...(command === 'deploy' ? [] : [['  run', 'the tests', '']]),
  ]).map((line) => line.trimEnd());
}

/** `deploy --diff` for people. */
export function diffLines(steps: readonly StepDifference[]): string[] {
  const changed = steps.filter(({ differences }) => differences.length > 0);
  if (changed.length === 0) return ['nothing would change'];
  return changed.flatMap(({ place, differences }) => [
    `${place}:`,
    ...differenceLines(differences).map((line) => `  ${line}`),
  ]);
}

/** `status` for people. */
export function statusLines(status: ClusterStatus): string[] {
  const head = `cluster ${status.cluster}: ${status.state}`;
  const nodes = columns(
    status.nodes.map((node) => [`  ${node.name}`, node.role, node.running ? 'running' : 'stopped']),
  );
  return [head, ...nodes, ...(status.kubeconfig === null ? [] : [`  kubeconfig ${status.kubeconfig}`])];
}

/** What `prune` removed or would remove, for people; its step has already printed the total. */
export function pruneLines(pruned: readonly Pruned[], dryRun: boolean): string[] {
  const rows = pruned.map(({ place, image, reason, bytes }) => [`  ${place}`, dataSize(bytes), `${image} (${reason})`]);
  const all = dataSize(pruned.reduce((sum, { bytes }) => sum + bytes, 0));
  const head = pruned.length === 0 ? 'nothing to remove' : `${count(pruned.length, 'image')}, ${all}`;
  return [...(dryRun ? [`prune would remove: ${head}`] : []), ...columns(rows)];
}

const VERDICTS = { ok: '✅', warning: '🔶', missing: '❌' } as const;

/** `doctor` for people. */
export function doctorLines(checks: readonly Check[]): string[] {
  const rows = columns(
    checks.map((check) => [
      `${VERDICTS[check.verdict]} ${check.name}`,
      check.version ?? '-',
      check.found ?? 'not found',
    ]),
  );
  return rows.flatMap((row, i) => [row, ...(checks[i]?.fix?.split('\n').map((line) => `     ${line}`) ?? [])]);
}
