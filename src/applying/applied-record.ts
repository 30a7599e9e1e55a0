import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { sha256 } from '../core/digest.ts';
import { kubeFind, kubeList, type KubeAccess, type KubeObject } from '../kubernetes/api.ts';
import { serverSideApply } from '../kubernetes/server-side-apply.ts';
import { keyOf, readEntries, writeEntries, type AppliedEntry } from './applied-entry.ts';

/** The label of the ConfigMaps with records. */
const RECORD_LABEL = 'kind-harness.dev/applied';
const ENTRIES = 'objects';
const CONFIGURATION = 'kind-harness.dev/configuration';

/** Where the record of a configuration is kept. */
export interface RecordPlace {
  namespace: string;
  /** The name of a ConfigMap. */
  name: string;
  /** The configuration, for people. */
  of: string;
}

/**
 * The place of a configuration's record. Two checkouts of a repository share it, as they share the
 * cluster; two configurations in a repository do not.
 */
export function recordPlace(config: { project: string; namespace: string; file: string }): RecordPlace {
  const of = withinRepository(config.file);
  const name = `kind-harness-${sha256(`${config.project}\n${of}`).slice(0, 10)}`;
  return { namespace: config.namespace, name, of };
}

/** A file's path from the top of its Git repository; the whole path if it is in none. */
function withinRepository(file: string): string {
  for (let directory = dirname(file); ; directory = dirname(directory)) {
    if (existsSync(join(directory, '.git'))) return relative(directory, file);
    if (dirname(directory) === directory) return file;
  }
}

/** What was applied in earlier runs, by `keyOf`; empty if there is no record. */
export async function readRecord(kube: KubeAccess, place: RecordPlace): Promise<Map<string, AppliedEntry>> {
  const record = await kubeFind<{ data?: Record<string, string> }>(kube, pathOf(place));
  return new Map(readEntries(record?.data?.[ENTRIES] ?? '').map((entry) => [keyOf(entry), entry]));
}

export async function writeRecord(
  kube: KubeAccess,
  place: RecordPlace,
  entries: Iterable<AppliedEntry>,
): Promise<void> {
  const { namespace, name, of } = place;
  await serverSideApply(kube, pathOf(place), {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      namespace,
      labels: { [RECORD_LABEL]: 'true' },
      annotations: { [CONFIGURATION]: of },
    },
    data: { [ENTRIES]: writeEntries(entries) },
  });
}

/** What other configurations have applied to this cluster, by their places. */
export type OthersRecords = Map<RecordPlace, AppliedEntry[]>;

/** The records of all other configurations in this cluster. */
export async function recordsOfOthers(kube: KubeAccess, place: RecordPlace): Promise<OthersRecords> {
  const query = new URLSearchParams({ labelSelector: RECORD_LABEL });
  const { items } = await kubeList<KubeObject>(kube, `/api/v1/configmaps?${query.toString()}`);
  const others = items.filter(
    ({ metadata }) => metadata.name !== place.name || metadata.namespace !== place.namespace,
  ) as (KubeObject & { data?: Record<string, string> })[];
  return new Map(
    others.map(({ metadata: { name, namespace = '', annotations }, data }) => [
      { name, namespace, of: annotations?.[CONFIGURATION] ?? '' },
      readEntries(data?.[ENTRIES] ?? ''),
    ]),
  );
}

/**
 * Tells the other configurations that apply some objects that they are theirs now, so that the last
 * one of them removes them.
 */
export async function handOver(kube: KubeAccess, records: OthersRecords, given: readonly AppliedEntry[]) {
  const uids = new Set(given.map(({ uid }) => uid));
  for (const [place, entries] of records) {
    if (!entries.some(({ uid, made }) => uids.has(uid) && !made)) continue;
    const taken = entries.map((entry) => (uids.has(entry.uid) ? { ...entry, made: true } : entry));
    await writeRecord(kube, place, taken);
  }
}

function pathOf({ namespace, name }: RecordPlace): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps/${name}`;
}
