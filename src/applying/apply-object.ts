import { HarnessError } from '../core/error.ts';
import { KubeApiError, kubeFind, type KubeAccess, type KubeObject } from '../kubernetes/api.ts';
import { deleteAndWait } from '../kubernetes/delete.ts';
import { isKind } from '../kubernetes/kinds.ts';
import type { KubeResources } from '../kubernetes/resources.ts';
import { serverSideApply } from '../kubernetes/server-side-apply.ts';
import { deletionCommand } from './applied-entry.ts';
import { decideRecreation } from './decide-recreation.ts';
import { isImmutable, type Refusal } from './judge-refusal.ts';
import { needsNewRun } from './judge-run.ts';

/** How one object is applied. */
export interface ApplyOptions {
  /** Whether the user has agreed to the loss of what is in an object that must be recreated. */
  recreateImmutable?: boolean | undefined;
  /** Whether only the metadata of the stored object is wanted. */
  metadataOnly?: boolean;
  note?: ((message: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Applies one object. Recreates it if it cannot be changed in place and nothing is lost: pods and
 * jobs that Kubernetes would not run again, and objects with an immutable field.
 * @returns the object as the server stores it
 * @throws KubeApiError; HarnessError DEPLOY when data would be lost, with the option that allows it
 */
export async function applyObject(
  kube: KubeAccess,
  resources: KubeResources,
  object: KubeObject,
  namespace: string,
  options: ApplyOptions = {},
): Promise<KubeObject> {
  const path = await resources.pathOf(object, namespace);
  const { signal, metadataOnly = false } = options;
  const request = { strict: true, metadataOnly, signal };
  const runs = isKind(object, 'batch', 'Job') || isKind(object, '', 'Pod');
  const earlier = runs ? await kubeFind(kube, path) : undefined;
  if (earlier && needsNewRun(earlier, object)) await deleteAndWait(kube, path, earlier, { signal });
  try {
    return await serverSideApply(kube, path, object, request);
  } catch (error) {
    if (!isImmutable(refusalOf(error))) throw error;
    const found = await kubeFind(kube, path);
    if (found) await makeRoom(kube, path, found, object, error as Error, options);
    return serverSideApply(kube, path, object, request);
  }
}

/** What a failed call was refused with. */
export function refusalOf(error: unknown): Refusal {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof KubeApiError) return { status: error.statusCode, causes: error.causes, message };
  return { code: (error as NodeJS.ErrnoException).code, message };
}

/** Deletes an object that cannot be changed. @throws HarnessError DEPLOY if it must not be deleted */
async function makeRoom(
  kube: KubeAccess,
  path: string,
  found: KubeObject,
  wanted: KubeObject,
  refusal: Error,
  { recreateImmutable = false, note, signal }: ApplyOptions,
): Promise<void> {
  const decision = decideRecreation(found, wanted, recreateImmutable);
  const what = `${found.kind} ${found.metadata.name}`;
  if (decision.action !== 'recreate') {
    throw new HarnessError('DEPLOY', `${what} cannot be changed in place: ${refusal.message}.`, {
      next:
        decision.action === 'ask'
          ? `Run the command again with \`--recreate-immutable\` to delete and create it. This deletes ${decision.loses}.`
          : `It was not created by this project, so it is not deleted. Delete it yourself if nothing needs it: \`${deletionCommand({ kind: found.kind, ...found.metadata })}\`.`,
      cause: refusal,
    });
  }
  const { propagation, keeps, loses } = decision;
  if (!isKind(found, 'batch', 'Job') && !isKind(found, '', 'Pod')) {
    const more = [keeps, loses === undefined ? undefined : `${loses} is lost`].filter((part) => part !== undefined);
    const reason = `recreating ${what}: a field that changed cannot be changed in place`;
    note?.([reason, ...more].join('; '));
  }
  await deleteAndWait(kube, path, found, { propagation, signal });
}
