import { isKind } from '../kubernetes/kinds.ts';
import { keyOf, type AppliedEntry } from './applied-entry.ts';

/** What is known of an object that is no longer among those to apply. */
export interface LeftFacts {
  /** The uid of the object that has its name now; undefined if there is none. */
  uid: string | undefined;
  /** Whether another configuration also applies it. */
  isSharedWithOthers: boolean;
  /** For a definition: whether objects of its kind are left. */
  hasInstances: boolean;
}

export type Removal =
  | { action: 'remove' }
  /** It stays, and the user is told why. */
  | { action: 'keep'; reason: string }
  /** It stays with the other configurations that apply it, and the last of them removes it. */
  | { action: 'hand-over' }
  /** It is gone, or not ours. */
  | { action: 'forget' };

/** Decides what becomes of an object that was applied and is no longer among those to apply. */
export function decideRemoval(entry: AppliedEntry, { uid, isSharedWithOthers, hasInstances }: LeftFacts): Removal {
  if (!entry.made || uid !== entry.uid) return { action: 'forget' };
  if (isSharedWithOthers) return { action: 'hand-over' };
  if (isKind(entry, '', 'PersistentVolumeClaim', 'PersistentVolume'))
    return { action: 'keep', reason: 'because it holds data' };
  if (isKind(entry, '', 'Namespace')) return { action: 'keep', reason: 'because others may use it' };
  if (isKind(entry, 'apiextensions.k8s.io', 'CustomResourceDefinition') && hasInstances)
    return { action: 'keep', reason: 'because objects of its kind exist' };
  return { action: 'remove' };
}

/** The entries that are no longer among the objects to apply. */
export function entriesLeft(before: Iterable<AppliedEntry>, isStillWanted: (key: string) => boolean): AppliedEntry[] {
  return [...before].filter((entry) => !isStillWanted(keyOf(entry)));
}
