import type { KubeObject } from '../kubernetes/api.ts';
import { groupOf } from '../kubernetes/kinds.ts';

/** What is recorded of an object that was applied. */
export interface AppliedEntry {
  apiVersion: string;
  kind: string;
  name: string;
  /** Absent for cluster-scoped objects. */
  namespace?: string | undefined;
  uid: string;
  /** Whether it did not exist before it was applied. Others are never removed. */
  made: boolean;
  /** The digest of what was applied. */
  wanted: string;
  /** The digest of the names of the fields that were applied and are still as they were applied. */
  fields: string;
}

type Identity = Pick<AppliedEntry, 'apiVersion' | 'kind' | 'name' | 'namespace'>;

/** Tells objects apart. Its version does not count: the same object can be read in several. */
export function keyOf({ apiVersion, kind, name, namespace = '' }: Identity): string {
  return [groupOf(apiVersion), kind, namespace, name].join('/');
}

/** The keys of an object that may be in a namespace or not, which only the server can tell. */
export function possibleKeys({ apiVersion, kind, metadata }: KubeObject, namespace: string): string[] {
  const { name } = metadata;
  return [metadata.namespace ?? namespace, undefined].map((place) =>
    keyOf({ apiVersion, kind, name, namespace: place }),
  );
}

/** For messages: `Deployment api`, with its namespace if that is not the usual one. */
export function describeEntry({ kind, name, namespace }: Identity, usual: string): string {
  return `${kind} ${name}${namespace === undefined || namespace === usual ? '' : ` in namespace ${namespace}`}`;
}

/** The command that deletes an object. */
export function deletionCommand({ kind, name, namespace }: Omit<Identity, 'apiVersion'>): string {
  return `kubectl delete ${kind.toLowerCase()} ${name}${namespace === undefined ? '' : ` --namespace ${namespace}`}`;
}

/** One entry a line, so that people can read it. */
export function writeEntries(entries: Iterable<AppliedEntry>): string {
  const lines = [...entries].map((entry) => JSON.stringify(entry));
  return lines.sort().join('\n');
}

/** Lines that are not entries are left out: nothing is removed because of them. */
export function readEntries(text: string): AppliedEntry[] {
  return text.split('\n').flatMap((line) => {
    try {
      const entry = JSON.parse(line) as Partial<AppliedEntry>;
      const isEntry = [entry.apiVersion, entry.kind, entry.name, entry.uid].every((part) => typeof part === 'string');
      return isEntry ? [entry as AppliedEntry] : [];
    } catch {
      return [];
    }
  });
}
