import type { KubeObject } from '../kubernetes/api.ts';

/** One field that would change; undefined where there is none. */
export interface FieldChange {
  /** Such as `spec.template.spec.containers[0].image`. */
  path: string;
  before: unknown;
  after: unknown;
}

/** What would happen to one object. */
export interface Difference {
  kind: string;
  name: string;
  /** Absent for cluster-scoped objects. */
  namespace?: string;
  action: 'create' | 'change' | 'delete' | 'refused';
  /** Of a changed object. */
  fields: FieldChange[];
  /** Why the server refuses the change. */
  reason?: string;
}

/** What the server writes by itself. */
const GENERATED = ['managedFields', 'resourceVersion', 'generation', 'uid', 'creationTimestamp', 'selfLink'];

/**
 * The fields that differ between an object as it is and as it would be. Status and bookkeeping do
 * not count, and of a Secret only the names of the values are told.
 */
export function fieldChanges(before: KubeObject, after: KubeObject): FieldChange[] {
  const changes: FieldChange[] = [];
  compare('', comparable(before), comparable(after), changes);
  if (before.kind !== 'Secret') return changes;
  return changes.map((change) => (/^(data|stringData)\b/.test(change.path) ? masked(change) : change));
}

function masked({ path, before, after }: FieldChange): FieldChange {
  const mask = (value: unknown) => (value === undefined ? undefined : '***');
  return {
    path,
    before: mask(before),
    after: after === undefined ? undefined : before === undefined ? '***' : '*** (another value)',
  };
}

function comparable({ status: _, metadata, ...content }: KubeObject): object {
  const { annotations = {}, ...kept } = metadata;
  const { 'kubectl.kubernetes.io/last-applied-configuration': __, ...others } = annotations;
  const meta = Object.fromEntries(Object.entries(kept).filter(([name]) => !GENERATED.includes(name)));
  return { ...content, metadata: { ...meta, ...(Object.keys(others).length === 0 ? {} : { annotations: others }) } };
}

function compare(path: string, before: unknown, after: unknown, changes: FieldChange[]): void {
  if (JSON.stringify(before) === JSON.stringify(after)) return;
  if (isRecord(before) && isRecord(after)) {
    for (const key of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort())
      compare(joined(path, key), before[key], after[key], changes);
    return;
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    before.forEach((item, index) => compare(`${path}[${index}]`, item, after[index], changes));
    return;
  }
  changes.push({ path, before, after });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function joined(path: string, key: string): string {
  if (!/^[\w-]+$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}

/** Differences for people. */
export function differenceLines(differences: readonly Difference[]): string[] {
  const marks = { create: '+', change: '~', delete: '-', refused: '!' };
  return differences.flatMap(({ kind, name, namespace, action, fields, reason }) => [
    `${marks[action]} ${kind} ${name}${namespace === undefined ? '' : ` in ${namespace}`}${reason === undefined ? '' : `: ${reason}`}`,
    ...fields.map(({ path, before, after }) => `    ${path}: ${shown(before)} → ${shown(after)}`),
  ]);
}

const LONGEST = 200;

function shown(value: unknown): string {
  if (value === undefined) return 'none';
  const text = typeof value === 'string' && !/[\n"]/.test(value) ? value : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
