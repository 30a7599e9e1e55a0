import { kubeRequest, statusOf, type KubeAccess } from './api.ts';

/**
 * Has an object deleted, without waiting until it is gone: this one, and no later one of its name.
 * One that is gone already is well.
 */
export async function deleteObject(kube: KubeAccess, path: string, uid: string): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background', preconditions: { uid } };
  try {
    await kubeRequest(kube, 'DELETE', path, { contentType: 'application/json', body });
  } catch (error) {
    const status = statusOf(error);
    if (status !== 404 && status !== 409) throw error;
  }
}
