import { digestOfJson } from '../core/digest.ts';
import { kubeFind, kubeList, type KubeAccess, type KubeObject } from '../kubernetes/api.ts';
import type { KubeResources } from '../kubernetes/resources.ts';

/** An object that was applied, and the digest of how it was stored then. */
export interface AppliedObject {
  apiVersion: string;
  kind: string;
  name: string;
  /** Absent for cluster-scoped objects. */
  namespace?: string;
  digest: string;
}

type Identity = Omit<AppliedObject, 'digest'>;

/** From this number of objects of a kind on, the whole collection is asked for. */
const WORTH_A_LIST = 4;

/**
 * The digests of objects as they are stored now; undefined for those that do not exist. Their status
 * does not count, and no bookkeeping.
 */
export async function digestsNow(
  kube: KubeAccess,
  resources: KubeResources,
  objects: readonly Identity[],
): Promise<(string | undefined)[]> {
  const groups = Map.groupBy(objects, ({ apiVersion, kind, namespace }) => `${apiVersion} ${kind} ${namespace}`);
  const found = new Map<Identity, string>();
  await Promise.all(
    [...groups.values()].map(async (group) => {
      for (const [identity, object] of await readGroup(kube, resources, group)) found.set(identity, digestOf(object));
    }),
  );
  return objects.map((object) => found.get(object));
}

async function readGroup(
  kube: KubeAccess,
  resources: KubeResources,
  group: readonly Identity[],
): Promise<[Identity, KubeObject][]> {
  const paths = await Promise.all(group.map((identity) => pathOf(resources, identity)));
  if (group.length < WORTH_A_LIST) {
    const all = await Promise.all(paths.map(async (path) => path && kubeFind(kube, path)));
    return group.flatMap((identity, index) => (all[index] ? [[identity, all[index]] as [Identity, KubeObject]] : []));
  }
  const [path] = paths;
  if (path === undefined) return [];
  const { items } = await kubeList(kube, path.slice(0, path.lastIndexOf('/')));
  const byName = new Map((items as KubeObject[]).map((object) => [object.metadata.name, object]));
  return group.flatMap((identity) => {
    const object = byName.get(identity.name);
    return object ? [[identity, object] as [Identity, KubeObject]] : [];
  });
}

/** Undefined if the server does not know the kind (any more). */
async function pathOf(resources: KubeResources, identity: Identity): Promise<string | undefined> {
  const { apiVersion, kind, name, namespace } = identity;
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  return resources.pathOf({ apiVersion, kind, metadata }, namespace ?? '').catch(() => undefined);
}

/** The same for an object that nobody changed since. The content of a Secret only goes in hashed. */
export function digestOf(object: KubeObject): string {
  const { status: _, metadata, apiVersion: __, kind: ___, ...content } = object;
  const { uid, labels = {}, annotations = {}, deletionTimestamp, ownerReferences, finalizers } = metadata;
  const { 'deployment.kubernetes.io/revision': ____, ...kept } = annotations;
  return digestOfJson([uid, sorted(labels), sorted(kept), deletionTimestamp, ownerReferences, finalizers, content]);
}

function sorted(record: Record<string, string>): [string, string][] {
  return Object.entries(record).sort(([a], [b]) => a.localeCompare(b));
}
