import { createHmac } from 'node:crypto';
import { kubeMetadata, type KubeAccess, type KubeObject } from '../kubernetes/api.ts';
import { isKind } from '../kubernetes/kinds.ts';
import { FIELD_MANAGER, fieldsOf } from '../kubernetes/managed-fields.ts';
import type { KubeResources } from '../kubernetes/resources.ts';
import { keyOf, type AppliedEntry } from './applied-entry.ts';

/** What is known of earlier applications. */
export interface Memory {
  /** Whether the object is in the cluster now. */
  exists: (object: KubeObject) => Promise<boolean>;
  /** Whether the object stands as it was applied, so that it needs no request. */
  stands: (object: KubeObject) => Promise<boolean>;
  /** Told of each object, with the metadata that the server stores. */
  applied: (wanted: KubeObject, metadata: KubeObject['metadata']) => Promise<void>;
}

/** What memories share in a run. */
export interface Shared {
  kube: KubeAccess;
  resources: KubeResources;
  /** For digests of content, which may be secret. */
  key: Buffer;
  /** What was applied in earlier runs, by `keyOf`. */
  before: ReadonlyMap<string, AppliedEntry>;
  /** What is applied in this run. */
  now: Map<string, AppliedEntry>;
}

type Metadata = KubeObject['metadata'];

/**
 * Remembers what is applied. Looks at each kind once, at metadata only: if somebody else changed a
 * field that was applied, the field is no longer among those of this field manager.
 */
export function openMemory({ kube, resources, key, before, now }: Shared, namespace: string): Memory {
  const collections = new Map<string, Promise<Map<string, Metadata>>>();
  // An object without content, such as an empty ConfigMap, has no fields of ours.
  const digest = (value: unknown) =>
    createHmac('sha256', key)
      .update(JSON.stringify(value ?? null))
      .digest('base64url')
      .slice(0, 22);

  /** As it was before this run applied anything of its kind. */
  const earlier = async (object: KubeObject): Promise<Metadata | undefined> => {
    const path = await resources.pathOf(object, namespace).catch(() => undefined);
    if (path === undefined) return undefined; // its kind comes with this deployment
    const collection = path.slice(0, path.lastIndexOf('/'));
    const asked = collections.get(collection) ?? metadataByName(kube, collection);
    collections.set(collection, asked);
    asked.catch(() => collections.delete(collection)); // refused for now: the next try asks again
    return (await asked).get(object.metadata.name);
  };
  const keyFor = async (object: KubeObject): Promise<string | undefined> => {
    const resource = await resources.find(object.apiVersion, object.kind).catch(() => undefined);
    if (resource === undefined) return undefined;
    const own = resource.namespaced ? { namespace: object.metadata.namespace ?? namespace } : {};
    return keyOf({ apiVersion: object.apiVersion, kind: object.kind, name: object.metadata.name, ...own });
  };
  return {
    exists: async (object) => (await earlier(object)) !== undefined,
    stands: async (object) => {
      const [live, id] = await Promise.all([earlier(object), keyFor(object)]);
      const entry = id === undefined ? undefined : before.get(id);
      if (id === undefined || !entry || !live || runsOnce(object)) return false;
      const isSame =
        live['uid'] === entry.uid &&
        live['deletionTimestamp'] === undefined &&
        digest(fieldsOf(live, FIELD_MANAGER)) === entry.fields &&
        digest(object) === entry.wanted;
      if (isSame) now.set(id, entry);
      return isSame;
    },
    applied: async (wanted, metadata) => {
      const { apiVersion, kind } = wanted;
      const uid = String(metadata['uid']);
      const { namespace: place, name } = metadata;
      const identity = { apiVersion, kind, name, ...(place === undefined ? {} : { namespace: place }) };
      const live = await earlier(wanted);
      const last = before.get(keyOf(identity));
      // What was there before, without a record of ours, was made by others.
      const made = live?.['uid'] !== uid || (last?.uid === uid && last.made);
      const fields = digest(fieldsOf(metadata, FIELD_MANAGER));
      now.set(keyOf(identity), { ...identity, uid, made, wanted: digest(wanted), fields });
    },
  };
}

/** Pods and jobs may have failed since, which their metadata does not show. */
function runsOnce(object: KubeObject): boolean {
  return isKind(object, 'batch', 'Job') || isKind(object, '', 'Pod');
}

async function metadataByName(kube: KubeAccess, collection: string): Promise<Map<string, Metadata>> {
  return new Map((await kubeMetadata(kube, collection)).map((metadata) => [metadata.name, metadata]));
}
