import { seconds } from '../core/words.ts';
import { kubeRequest, statusOf, type KubeAccess, type KubeObject } from './api.ts';
import { graceOf, pendingFinalizers } from './judge-deletion.ts';
import { WatchTimeout, watchUntil } from './watch.ts';

/** What becomes of the objects that belong to a deleted one. */
export type Propagation = 'Background' | 'Foreground' | 'Orphan';

/**
 * Requests the deletion of an object and does not wait until it is gone. An object that is already
 * gone is not an error.
 * @param uid deletes only the object with this uid, and not a later one with the same name
 */
export async function deleteObject(
  kube: KubeAccess,
  path: string,
  uid?: string,
  propagationPolicy: Propagation = 'Background',
): Promise<void> {
  const preconditions = uid === undefined ? undefined : { uid };
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy, preconditions };
  try {
    await kubeRequest(kube, 'DELETE', path, { contentType: 'application/json', body });
  } catch (error) {
    const status = statusOf(error);
    const isAnother = status === 409 && uid !== undefined; // a later object has the name
    if (status !== 404 && !isAnother) throw error;
  }
}

/** Milliseconds that a deletion may take in addition to the time that the pods get to end. */
const DELETION_MARGIN = 30_000;

/**
 * Deletes an object as it was found, and waits until it is gone. Its pods get the time to end that
 * their specification gives them, and half a minute.
 * @throws Error with what still holds the object, such as a finalizer
 */
export async function deleteAndWait(
  kube: KubeAccess,
  path: string,
  found: KubeObject,
  { propagation = 'Foreground', signal }: { propagation?: Propagation; signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const uid = String(found.metadata['uid']);
  const timeout = graceOf(found) + DELETION_MARGIN;
  await deleteObject(kube, path, uid, propagation);
  const slash = path.lastIndexOf('/');
  const query = new URLSearchParams({ fieldSelector: `metadata.name=${found.metadata.name}` });
  const paths = { all: `${path.slice(0, slash)}?${query.toString()}` };
  try {
    await watchUntil(kube, { paths, timeout, signal }, ({ all }) => {
      const left = all.find(({ metadata }) => metadata?.uid === uid);
      return left ? { state: 'pending', detail: pendingFinalizers(left) } : { state: 'done', value: undefined };
    });
  } catch (error) {
    if (!(error instanceof WatchTimeout)) throw error;
    throw new Error(`the old one is still being deleted after ${seconds(timeout)}: ${error.message}`, { cause: error });
  }
}
