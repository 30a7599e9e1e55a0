import type { ImageStatus } from '../run/cache-status.ts';
import type { ClusterStatus } from '../run/status.ts';
import type { Check } from '../setup/diagnose.ts';

/** Rows with their columns under each other. */
export function columns(rows: readonly string[][]): string[] {
  const widths = rows.reduce<number[]>((all, row) => row.map((cell, i) => Math.max(all[i] ?? 0, cell.length)), []);
  return rows.map((row) => row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join('  '));
}

const MARKS = { fresh: '✅', stale: '🔶', missing: '❌' } as const;

/** `cache-status` for people. */
export function cacheTable(images: readonly ImageStatus[]): string[] {
  if (images.length === 0) return ['no images are configured'];
  return columns(
    images.map((image) => {
      const nodes = Object.entries(image.nodes).map(([node, verdict]) => `${node} ${verdict}`);
      return [
        `${MARKS[image.verdict]} ${image.image}`,
        image.reference,
        image.verdict,
        nodes.join(', ') || 'no running node',
        image.reason,
      ];
    }),
  );
}

/** `status` for people. */
export function statusLines(status: ClusterStatus): string[] {
  const head = `cluster ${status.cluster}: ${status.state}`;
  const nodes = columns(status.nodes.map((node) => [`  ${node.name}`, node.role, node.running ? 'running' : 'stopped']));
  return [head, ...nodes, ...(status.kubeconfig === null ? [] : [`  kubeconfig ${status.kubeconfig}`])];
}

const VERDICTS = { ok: '✅', warning: '🔶', missing: '❌' } as const;

/** `doctor` for people. */
export function doctorLines(checks: readonly Check[]): string[] {
  const rows = columns(
    checks.map((check) => [`${VERDICTS[check.verdict]} ${check.name}`, check.version ?? '-', check.found ?? 'not found']),
  );
  return rows.flatMap((row, i) => [row, ...(checks[i]?.fix?.split('\n').map((line) => `     ${line}`) ?? [])]);
}
