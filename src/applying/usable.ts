import { setTimeout as sleep } from 'node:timers/promises';
import type { V1EndpointSlice } from '@kubernetes/client-node';
import { HarnessError } from '../core/error.ts';
import { seconds } from '../core/words.ts';
import { kubeFind, statusOf, type KubeAccess, type KubeObject } from '../kubernetes/api.ts';
import type { KubeResources } from '../kubernetes/resources.ts';
import { WatchTimeout, watchUntil } from '../kubernetes/watch.ts';
import type { Server } from './decide-stages.ts';

const ESTABLISH_TIMEOUT = 30_000;
const DISCOVERY_PAUSE_MS = 100;

/**
 * Waits until the server accepts objects of a CustomResourceDefinition.
 * @throws Error after a timeout
 */
export async function waitUntilEstablished(kube: KubeAccess, name: string, signal?: AbortSignal): Promise<void> {
  const query = new URLSearchParams({ fieldSelector: `metadata.name=${name}` });
  const paths = { definitions: `/apis/apiextensions.k8s.io/v1/customresourcedefinitions?${query.toString()}` };
  try {
    await watchUntil(kube, { paths, timeout: ESTABLISH_TIMEOUT, signal }, ({ definitions }) => {
      const definition = definitions.find((candidate) => candidate.metadata?.name === name) as
        { status?: { conditions?: { type: string; status: string }[] } } | undefined;
      const isEstablished = definition?.status?.conditions?.some(
        (condition) => condition.type === 'Established' && condition.status === 'True',
      );
      return isEstablished ? { state: 'done', value: undefined } : { state: 'pending', detail: 'not established' };
    });
  } catch (error) {
    if (error instanceof WatchTimeout)
      throw new Error(`it was not established within ${ESTABLISH_TIMEOUT / 1000} s`, { cause: error });
    throw error;
  }
}

/**
 * Waits until the server also lists the kind of a definition: that is another controller's work, and
 * comes later.
 */
export async function waitUntilServed(
  resources: KubeResources,
  definition: KubeObject,
  deadline: number,
  signal: AbortSignal,
): Promise<void> {
  type Spec = { group: string; names: { kind: string }; versions: { name: string; served: boolean }[] };
  const { group, names, versions } = definition['spec'] as Spec;
  for (const { name } of versions.filter(({ served }) => served)) {
    for (;;) {
      try {
        await resources.find(`${group}/${name}`, names.kind);
        break;
      } catch (error) {
        if (![404, 503].includes(statusOf(error) ?? 0) || Date.now() > deadline) throw error;
        await sleep(DISCOVERY_PAUSE_MS, undefined, { signal });
      }
    }
  }
}

/** Waits until a Service has a ready pod. @throws WatchTimeout */
export async function waitForServer(
  kube: KubeAccess,
  { namespace, name }: Server,
  timeout: number,
  signal: AbortSignal,
) {
  const query = new URLSearchParams({ labelSelector: `kubernetes.io/service-name=${name}` });
  const paths = { slices: `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?${query.toString()}` };
  await watchUntil(kube, { paths, timeout, signal }, ({ slices }) => {
    const endpoints = (slices as V1EndpointSlice[]).flatMap((slice) => slice.endpoints ?? []);
    return endpoints.some(({ conditions }) => conditions?.ready !== false)
      ? { state: 'done', value: undefined }
      : { state: 'pending', detail: `Service ${name} has no ready pod` };
  });
}

interface LiveNamespace extends KubeObject {
  status?: { phase?: string; conditions?: { type: string; status: string; message?: string }[] };
}

/**
 * Waits while a namespace is being deleted: everything that is applied into it would go with it.
 * @returns whether the namespace exists
 * @throws HarnessError DEPLOY with what holds the namespace
 */
export async function waitWhileTerminating(
  kube: KubeAccess,
  name: string,
  deadline: number,
  progress: (detail: string) => void,
  signal?: AbortSignal,
): Promise<boolean> {
  const found = await kubeFind<LiveNamespace>(kube, `/api/v1/namespaces/${encodeURIComponent(name)}`);
  if (found?.metadata['deletionTimestamp'] === undefined) return found !== undefined;
  progress(`waiting until the earlier namespace ${name} is deleted`);
  const query = new URLSearchParams({ fieldSelector: `metadata.name=${name}` });
  const timeout = Math.max(deadline - Date.now(), 0);
  try {
    await watchUntil(kube, { paths: { all: `/api/v1/namespaces?${query.toString()}` }, timeout, signal }, ({ all }) => {
      const left = all.find(({ metadata }) => metadata?.uid === found.metadata['uid']);
      return left
        ? { state: 'pending', detail: whatHolds(left as LiveNamespace) }
        : { state: 'done', value: undefined };
    });
  } catch (error) {
    if (!(error instanceof WatchTimeout)) throw error;
    throw new HarnessError('DEPLOY', `Namespace ${name} is still being deleted after ${seconds(timeout)}.`, {
      detail: error.message,
      next: `Remove what holds it, or choose another namespace with \`namespace\`.`,
    });
  }
  return false;
}

/** Why a namespace is not gone yet, in Kubernetes's words. */
function whatHolds({ status }: LiveNamespace): string {
  const messages = (status?.conditions ?? []).filter((each) => each.status === 'True').map(({ message }) => message);
  return messages.join('; ') || 'it is being deleted';
}

/** Waits until pods can be created in a new namespace. @throws HarnessError DEPLOY */
export async function waitForServiceAccount(kube: KubeAccess, namespace: string, signal?: AbortSignal): Promise<void> {
  const paths = { accounts: `/api/v1/namespaces/${encodeURIComponent(namespace)}/serviceaccounts` };
  try {
    await watchUntil(kube, { paths, timeout: ESTABLISH_TIMEOUT, signal }, ({ accounts }) => {
      const exists = accounts.some((account) => account.metadata?.name === 'default');
      return exists ? { state: 'done', value: undefined } : { state: 'pending', detail: 'no default service account' };
    });
  } catch (error) {
    if (!(error instanceof WatchTimeout)) throw error;
    throw new HarnessError(
      'DEPLOY',
      `Namespace ${namespace} has no default service account after ${seconds(ESTABLISH_TIMEOUT)}.`,
      { next: 'Inspect the controller manager of the cluster: it creates the service account.' },
    );
  }
}
