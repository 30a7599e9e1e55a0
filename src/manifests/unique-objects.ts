import { isDeepStrictEqual } from 'node:util';
import { groupOf } from '../kubernetes/kinds.ts';
import type { ManifestObject } from '../kubernetes/manifest.ts';

/**
 * Drops objects that are there a second time in the same words, as a Namespace at the begin of each
 * file.
 * @param namespace of objects that name none
 * @returns as problems the objects that are described in two ways, with both places
 */
export function uniqueObjects(
  objects: readonly ManifestObject[],
  namespace: string,
): { unique: ManifestObject[]; problems: string[] } {
  const first = new Map<string, ManifestObject>();
  const problems: string[] = [];
  for (const each of objects) {
    const { apiVersion, kind, metadata } = each.object;
    const key = JSON.stringify([groupOf(apiVersion), kind, metadata.namespace ?? namespace, metadata.name]);
    const known = first.get(key);
    if (!known) first.set(key, each);
    else if (!isDeepStrictEqual(known.object, each.object))
      problems.push(`${each.source}: ${kind} ${metadata.name} is in ${known.source} already, and differs`);
  }
  return { unique: [...first.values()], problems };
}
