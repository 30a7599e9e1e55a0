import { kubeFind, kubeMetadata, statusOf, type KubeAccess, type KubeObject } from '../kubernetes/api.ts';
import { isKind } from '../kubernetes/kinds.ts';
import type { KubeResources } from '../kubernetes/resources.ts';
import { keyOf, type AppliedEntry } from './applied-entry.ts';
import { recordsOfOthers, type OthersRecords, type RecordPlace } from './applied-record.ts';
import { decideRemoval, entriesLeft, type Removal } from './decide-removal.ts';

/** An object that is no longer among those to apply, and what becomes of it. */
export interface Left {
  entry: AppliedEntry;
  removal: Removal;
}

/** What was applied and is no longer wanted, with what becomes of it. Changes nothing. */
export async function leftOf(
  kube: KubeAccess,
  resources: KubeResources,
  place: RecordPlace,
  before: ReadonlyMap<string, AppliedEntry>,
  isStillWanted: (key: string) => boolean,
): Promise<{ left: Left[]; others: OthersRecords }> {
  const entries = entriesLeft(before.values(), isStillWanted);
  if (entries.length === 0) return { left: [], others: new Map() };
  const others = await recordsOfOthers(kube, place);
  const shared = new Set([...others.values()].flat().map(keyOf));
  const left = await Promise.all(
    entries.map(async (entry) => {
      const found = await lookUp(kube, resources, entry);
      const uid = found === undefined ? undefined : String(found.metadata['uid']);
      const facts = {
        uid,
        isSharedWithOthers: shared.has(keyOf(entry)),
        hasInstances: await hasInstances(kube, found),
      };
      return { entry, removal: decideRemoval(entry, facts) };
    }),
  );
  return { left, others };
}

async function lookUp(
  kube: KubeAccess,
  resources: KubeResources,
  entry: AppliedEntry,
): Promise<KubeObject | undefined> {
  try {
    return await kubeFind(kube, await resources.pathOf(asObject(entry), entry.namespace ?? ''));
  } catch (error) {
    if (statusOf(error) === 404) return undefined; // its kind
    throw error;
  }
}

async function hasInstances(kube: KubeAccess, definition: KubeObject | undefined): Promise<boolean> {
  if (!definition || !isKind(definition, 'apiextensions.k8s.io', 'CustomResourceDefinition')) return false;
  type Spec = { group: string; names: { plural: string }; versions: { name: string; served: boolean }[] };
  const { group, names, versions } = definition['spec'] as Spec;
  const served = versions.find((version) => version.served);
  if (!served) return true; // who knows
  return (await kubeMetadata(kube, `/apis/${group}/${served.name}/${names.plural}?limit=1`)).length > 0;
}

/** What names the object of an entry. */
export function asObject({ apiVersion, kind, name, namespace }: AppliedEntry): KubeObject {
  return { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
}
