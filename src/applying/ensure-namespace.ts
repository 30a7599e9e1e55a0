import type { KubeAccess } from '../kubernetes/api.ts';
import { serverSideApply } from '../kubernetes/server-side-apply.ts';
import { waitForServiceAccount, waitWhileTerminating } from './usable.ts';

/**
 * Creates a namespace if it does not exist, and waits until it can be used. One that is being deleted
 * is waited for and created again.
 * @throws HarnessError DEPLOY
 */
export async function ensureNamespace(
  kube: KubeAccess,
  name: string,
  wait: { deadline: number; progress: (detail: string) => void; signal?: AbortSignal | undefined },
): Promise<void> {
  if (name === 'default' || (await waitWhileTerminating(kube, name, wait.deadline, wait.progress, wait.signal))) return;
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  await serverSideApply(kube, `/api/v1/namespaces/${name}`, namespace, { signal: wait.signal });
  await waitForServiceAccount(kube, name, wait.signal);
}
