import type { ImageField } from '../config/config.ts';
import { HarnessError, messageOf } from '../core/error.ts';
import { openAccess } from '../kubernetes/access.ts';
import { kubeRequest, statusOf, type KubeAccess, type KubeObject } from '../kubernetes/api.ts';
import { deleteAndWait } from '../kubernetes/delete.ts';
import type { ManifestObject } from '../kubernetes/manifest.ts';
import { KubeResources } from '../kubernetes/resources.ts';
import { WatchTimeout, watchUntil } from '../kubernetes/watch.ts';
import type { DeployedImage } from '../loading/loaded-image.ts';
import { annotationOf, withImages } from '../manifests/fill-manifest.ts';
import { beginGeneration, contentDigest, ensureNamespace } from './generation.ts';
import { expectedPods, type Deployed } from './judge-current.ts';
import { inOrder } from './order.ts';
import { rolloutOf } from './rollout-of.ts';
import { waitForRollout } from './wait-for-rollout.ts';

export interface Deployment {
  kubeconfig: string;
  /** For objects that name no namespace; created if it does not exist. */
  namespace: string;
  objects: ManifestObject[];
  /** Images that have been loaded into all nodes. */
  images: DeployedImage[];
  /** Where custom resources name images. */
  imageFields?: readonly ImageField[];
  /** When each node was last started, milliseconds since the epoch. */
  startedAt: Readonly<Record<string, number>>;
  /** Milliseconds until everything must be ready. */
  timeout: number;
  progress: (detail: string) => void;
  signal?: AbortSignal | undefined;
}

/** The field manager's name in server-side apply. */
export const FIELD_MANAGER = 'kind-harness';

const ESTABLISH_TIMEOUT = 30_000;

/**
 * Applies the manifests with server-side apply and waits until everything in them is ready.
 * @throws HarnessError DEPLOY with the object's source and the server's message, or with the failed
 * pod's events and last log lines
 */
export async function deploy(deployment: Deployment): Promise<void> {
  await ensureNamespace(await openAccess(deployment.kubeconfig), deployment.namespace);
  await applyAndWait(deployment);
}

/**
 * The same for the deployment that tests will meet: records it in the namespace first.
 * @param directory of the configuration, for those who find the deployment
 * @param mayBegin called with what will be deployed; nothing is changed before its result resolves
 * @returns what to compare the cluster with later
 */
export async function deployGeneration(
  deployment: Deployment,
  directory: string,
  mayBegin: (content: string) => Promise<void>,
): Promise<Deployed> {
  const { kubeconfig, namespace, objects, images } = deployment;
  const content = contentDigest(objects, images);
  const kube = await openAccess(kubeconfig);
  const generation = await beginGeneration(kube, namespace, { content, directory }, mayBegin(content));
  await applyAndWait(deployment);
  const filled = objects.map(({ object }) => withImages(object, images, deployment.imageFields));
  const workloads = filled.flatMap((object) => expectedPods(object, namespace, images) ?? []);
  return { generation, images, workloads };
}

async function applyAndWait(deployment: Deployment): Promise<void> {
  const { namespace, objects, images, progress, signal } = deployment;
  const loaded = { references: images.map(({ reference }) => reference), at: Date.now() };
  const kube = await openAccess(deployment.kubeconfig);
  const resources = new KubeResources(kube);
  for (const { source, object } of inOrder(objects)) {
    signal?.throwIfAborted();
    progress(`applying ${object.kind} ${object.metadata.name}`);
    const filled = withImages(object, images, deployment.imageFields);
    try {
      await applyObject(kube, resources, filled, namespace);
      if (object.kind === 'CustomResourceDefinition') await waitUntilEstablished(kube, object.metadata.name, signal);
    } catch (error) {
      throw new HarnessError(
        'DEPLOY',
        `Could not apply ${object.kind} ${object.metadata.name} (${source}): ${messageOf(error)}.`,
        { next: 'Correct the manifest and try again.', cause: error },
      );
    }
  }
  const { startedAt, timeout } = deployment;
  const { workloads, unprobed } = rolloutOf(
    inOrder(objects).map(({ object }) => object),
    namespace,
  );
  await waitForRollout(kube, workloads, { startedAt, loaded, unprobed, timeout, progress, signal });
}

/**
 * Applies one object. Recreates pods and jobs that cannot be changed in place, because Kubernetes
 * does not allow it or would not run them again.
 * @returns the object as the server stores it
 */
export async function applyObject(
  kube: KubeAccess,
  resources: KubeResources,
  object: KubeObject,
  namespace: string,
): Promise<KubeObject> {
  const path = await resources.pathOf(object, namespace);
  const canBeRecreated = object.kind === 'Job' || object.kind === 'Pod';
  if (canBeRecreated && needsRecreation(await existing(kube, path), object))
    await deleteAndWait(kube, path, ESTABLISH_TIMEOUT);
  try {
    return await apply(kube, path, object);
  } catch (error) {
    if (!canBeRecreated || statusOf(error) !== 422 || !/immutable|may not change fields/.test(messageOf(error)))
      throw error;
    await deleteAndWait(kube, path, ESTABLISH_TIMEOUT);
    return apply(kube, path, object);
  }
}

interface Existing extends KubeObject {
  status?: { phase?: string; conditions?: { type: string; status: string }[] };
}

async function existing(kube: KubeAccess, path: string): Promise<Existing | undefined> {
  try {
    return await kubeRequest<Existing>(kube, 'GET', path);
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/**
 * Whether a pod or job would not run as wanted even if it can be applied: it has failed, or runs
 * another build of an image under the same tag.
 */
function needsRecreation(found: Existing | undefined, wanted: KubeObject): boolean {
  if (!found) return false;
  if (found.status?.phase === 'Failed') return true;
  if (found.status?.conditions?.some(({ type, status }) => type === 'Failed' && status === 'True')) return true;
  const builds = (object: KubeObject) =>
    JSON.stringify(
      Object.entries(object.metadata.annotations ?? {})
        .filter(([name]) => name.startsWith(annotationOf('')))
        .sort(),
    );
  return found.kind === 'Pod' && builds(found) !== builds(wanted);
}

function apply(kube: KubeAccess, path: string, object: unknown): Promise<KubeObject> {
  return kubeRequest(kube, 'PATCH', `${path}?fieldManager=${FIELD_MANAGER}&force=true&fieldValidation=Strict`, {
    contentType: 'application/apply-patch+yaml',
    body: object,
  });
}

/**
 * Waits until the server accepts objects of a CustomResourceDefinition.
 * @throws Error after a timeout
 */
export async function waitUntilEstablished(kube: KubeAccess, name: string, signal?: AbortSignal): Promise<void> {
  const paths = { definitions: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions' };
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
