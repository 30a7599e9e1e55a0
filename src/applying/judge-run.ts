import { IMAGE_ANNOTATION_PREFIX } from '../core/labels.ts';
import type { KubeObject } from '../kubernetes/api.ts';
import { CONFIG_ANNOTATION } from './config-digest.ts';

/**
 * Whether a pod or job would not run as wanted even if it can be applied: it has failed, or runs
 * another build of an image under the same tag, or with another configuration.
 */
export function needsNewRun(found: KubeObject, wanted: KubeObject): boolean {
  const status = found['status'] as { phase?: string; conditions?: { type: string; status: string }[] } | undefined;
  if (status?.phase === 'Failed') return true;
  if (status?.conditions?.some((condition) => condition.type === 'Failed' && condition.status === 'True')) return true;
  return found.kind === 'Pod' && startedFrom(found) !== startedFrom(wanted);
}

function startedFrom({ metadata }: KubeObject): string {
  const isOurs = ([name]: [string, string]) => name.startsWith(IMAGE_ANNOTATION_PREFIX) || name === CONFIG_ANNOTATION;
  return JSON.stringify(
    Object.entries(metadata.annotations ?? {})
      .filter(isOurs)
      .sort(),
  );
}
