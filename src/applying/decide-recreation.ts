import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../kubernetes/api.ts';
import type { Propagation } from '../kubernetes/delete.ts';
import { FIELD_MANAGER, isManagedBy } from '../kubernetes/managed-fields.ts';
import { groupOf, isBuiltIn, isKind } from '../kubernetes/kinds.ts';

/** What to do about an object with a field that cannot be changed in place. */
export type Recreation =
  /** Nothing is lost, or the user asked for it. `loses` says what goes with it. */
  | { action: 'recreate'; propagation: Propagation; keeps?: string | undefined; loses?: string | undefined }
  /** Only when asked, with what would be lost. */
  | { action: 'ask'; loses: string }
  /** Not made by this harness. */
  | { action: 'refuse' };

/** What is lost with an object of these kinds. */
const HOLDS_DATA: Record<string, string> = {
  PersistentVolumeClaim: 'the data in its volume',
  PersistentVolume: 'the data in it',
  'CustomResourceDefinition.apiextensions.k8s.io': 'all custom resources of its kind',
};

/**
 * Decides what becomes of an object that the server refuses to change.
 * @param asked whether the user has agreed to the loss of data
 */
export function decideRecreation(found: KubeObject, wanted: KubeObject, asked: boolean): Recreation {
  if (!isManagedBy(found, FIELD_MANAGER)) return { action: 'refuse' };
  if (isKind(found, 'apps', 'StatefulSet')) return decideStatefulSet(found, wanted, asked);
  const loses = lossOf(found);
  if (loses === undefined) return { action: 'recreate', propagation: 'Foreground' };
  return asked ? { action: 'recreate', propagation: 'Foreground', loses } : { action: 'ask', loses };
}

function lossOf(object: KubeObject): string | undefined {
  if (!isBuiltIn(object.apiVersion)) return 'what its controller keeps for it';
  return HOLDS_DATA[[object.kind, groupOf(object.apiVersion)].filter((part) => part !== '').join('.')];
}

interface SetSpec {
  selector?: unknown;
  volumeClaimTemplates?: unknown[];
  persistentVolumeClaimRetentionPolicy?: { whenDeleted?: string };
}

/**
 * The pods and claims of a StatefulSet can stay: the new one adopts them, and replaces the pods one
 * after the other. It adopts only what its selector finds.
 */
function decideStatefulSet(found: KubeObject, wanted: KubeObject, asked: boolean): Recreation {
  const [before, after] = [found['spec'] as SetSpec, wanted['spec'] as SetSpec];
  const claims = (before.volumeClaimTemplates ?? []).length > 0;
  if (isDeepStrictEqual(before.selector, after.selector)) {
    const keeps = claims ? 'its claims stay as they are, with their data and size' : undefined;
    return { action: 'recreate', propagation: 'Orphan', keeps };
  }
  const deletes = claims && before.persistentVolumeClaimRetentionPolicy?.whenDeleted === 'Delete';
  if (!deletes) return { action: 'recreate', propagation: 'Foreground', keeps: claims ? 'its claims stay' : undefined };
  const loses = 'the data in its claims';
  return asked ? { action: 'recreate', propagation: 'Foreground', loses } : { action: 'ask', loses };
}
