import { describeEntry, possibleKeys } from '../applying/applied-entry.ts';
import { readRecord, recordPlace } from '../applying/applied-record.ts';
import { leftOf } from '../applying/find-left.ts';
import { clusterStatus } from '../cluster/status.ts';
import { messageOf } from '../core/error.ts';
import { openAccess } from '../kubernetes/access.ts';
import type { ManifestObject } from '../kubernetes/manifest.ts';
import { KubeResources } from '../kubernetes/resources.ts';
import { readManifests } from '../manifests/read-manifests.ts';
import { readRecord as readStepRecord } from '../rendering/step-record.ts';
import type { Session } from '../session.ts';

/** An object that left the manifests. */
export interface PlannedRemoval {
  /** Such as `Deployment api`. */
  object: string;
  action: 'remove' | 'keep';
  reason: string;
}

/**
 * What a deployment would remove from the running cluster. Of a step that must be rendered first,
 * the objects that it had the last time count as those that it will have; if nothing is known of it,
 * nothing is known of what would be removed.
 */
export async function plannedRemovals(session: Session, objects: readonly ManifestObject[]): Promise<PlannedRemoval[]> {
  const { config, emit } = session;
  const { kubeconfig, state } = await clusterStatus(session);
  const wanted = wantedKeys(session, objects);
  if (state !== 'running' || kubeconfig === null || wanted === undefined) return [];
  try {
    const kube = await openAccess(kubeconfig);
    const place = recordPlace(config);
    const before = await readRecord(kube, place);
    const { left } = await leftOf(kube, new KubeResources(kube), place, before, (key) => wanted.has(key));
    return left.flatMap(({ entry, removal }): PlannedRemoval[] => {
      const object = describeEntry(entry, config.namespace);
      if (removal.action === 'remove') return [{ object, action: 'remove', reason: 'no longer in the manifests' }];
      return removal.action === 'keep' ? [{ object, action: 'keep', reason: removal.reason }] : [];
    });
  } catch (error) {
    const message = `could not ask the cluster what would be removed: ${messageOf(error)}`;
    emit({ type: 'note', level: 'warning', message });
    return [];
  }
}

function wantedKeys({ config }: Session, objects: readonly ManifestObject[]): Set<string> | undefined {
  const keys = objects.flatMap(({ object }) => possibleKeys(object, config.namespace));
  for (const step of config.deploy.steps) {
    const { namespace } = step;
    const last =
      step.kind === 'manifests'
        ? readManifests(step.files, config.root, { namespace })
        : readStepRecord(config, step)?.objects;
    if (last === undefined) return undefined;
    keys.push(...last.flatMap(({ object }) => possibleKeys(object, namespace)));
  }
  return new Set(keys);
}
