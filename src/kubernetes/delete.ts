import { kubeRequest, statusOf, type KubeAccess } from './api.ts';
import { watchUntil } from './watch.ts';

/**
 * Requests the deletion of an object and does not wait until it is gone. An object that is already
 * gone is not an error.
 * @param uid deletes only the object with this uid, and not a later one with the same name
 */
export async function deleteObject(
  kube: KubeAccess,
  path: string,
  uid?: string,
  propagationPolicy: 'Background' | 'Foreground' = 'Background',
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

/**
 * Deletes an object and everything that belongs to it, and waits until it is gone.
 * @throws WatchTimeout
 */
export async function deleteAndWait(kube: KubeAccess, path: string, timeout: number): Promise<void> {
  await deleteObject(kube, path, undefined, 'Foreground');
  const slash = path.lastIndexOf('/');
  const name = decodeURIComponent(path.slice(slash + 1));
  await watchUntil(kube, { paths: { all: path.slice(0, slash) }, timeout }, ({ all }) => {
    const exists = all.some(({ metadata }) => metadata?.name === name);
    return exists
      ? { state: 'pending', detail: 'the old one is still being deleted' }
      : { state: 'done', value: undefined };
  });
}
