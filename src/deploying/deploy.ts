import { applyObjects } from '../applying/apply-objects.ts';
import { ensureNamespace } from '../applying/ensure-namespace.ts';
import { fillObjects } from '../applying/fill-objects.ts';
import { waitWhileTerminating } from '../applying/usable.ts';
import type { ImageField } from '../config/config.ts';
import { openAccess } from '../kubernetes/access.ts';
import type { KubeAccess } from '../kubernetes/api.ts';
import { isBuiltIn, isKind } from '../kubernetes/kinds.ts';
import type { ManifestObject } from '../kubernetes/manifest.ts';
import { KubeResources } from '../kubernetes/resources.ts';
import type { DeployedImage } from '../loading/loaded-image.ts';
import { beginGeneration, contentDigest } from './generation.ts';
import { allExpectedPods, type Deployed } from './judge-current.ts';
import { rolloutOf } from './rollout-of.ts';
import type { SharedDeployment } from './shared-deployment.ts';
import { waitForRollout, watchForFailure, type RolloutOptions } from './wait-for-rollout.ts';

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
  /** What all deployments of a run share. Without it, every object is applied and nothing removed. */
  shared?: SharedDeployment | undefined;
  /** Whether no other deployment of the run follows, so that what left the manifests is removed. */
  isLast?: boolean;
  progress: (detail: string) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Applies the manifests with server-side apply and waits until everything in them is ready.
 * @returns the objects as they were applied
 * @throws HarnessError DEPLOY with the object's source and the server's message, or with the failed
 * pod's events and last log lines
 */
export async function deploy(deployment: Deployment): Promise<ManifestObject[]> {
  const { namespace, objects, timeout, progress, signal } = deployment;
  const kube = deployment.shared?.kube ?? (await openAccess(deployment.kubeconfig));
  const isOwn = objects.some(({ object }) => isKind(object, '', 'Namespace') && object.metadata.name === namespace);
  // One that is in the manifests is applied with them.
  if (!isOwn) await ensureNamespace(kube, namespace, { deadline: Date.now() + timeout, progress, signal });
  return applyAndWait(deployment, kube);
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
  const { namespace, objects, images, timeout, progress, signal } = deployment;
  const content = contentDigest(objects, images);
  const kube = deployment.shared?.kube ?? (await openAccess(deployment.kubeconfig));
  const ready = mayBegin(content).then(async () => {
    await waitWhileTerminating(kube, namespace, Date.now() + timeout, progress, signal);
  });
  const generation = await beginGeneration(kube, namespace, { content, directory }, ready);
  const applied = await applyAndWait(deployment, kube);
  const workloads = allExpectedPods(applied, namespace, images);
  return { generation, images, workloads };
}

/** @returns the objects as they were applied */
async function applyAndWait(deployment: Deployment, kube: KubeAccess): Promise<ManifestObject[]> {
  const { namespace, images, shared, progress, timeout, signal } = deployment;
  const loaded = { references: images.map(({ reference }) => reference), at: Date.now() };
  const deadline = Date.now() + timeout;
  const resources = shared?.resources ?? new KubeResources(kube);
  const note = shared?.note ?? (() => undefined);
  const { imageFields } = deployment;
  const objects = fillObjects(deployment.objects, { images, imageFields, namespace, config: shared?.config });
  const { workloads, unprobed } = rolloutOf(
    objects.map(({ object }) => object),
    namespace,
  );
  const mayAppear = objects.some(({ object }) => !isBuiltIn(object.apiVersion) || isKind(object, 'batch', 'Job'));
  const { startedAt } = deployment;
  const maxRestarts = shared?.maxRestarts;
  const rollout: RolloutOptions = { startedAt, loaded, unprobed, maxRestarts, mayAppear, timeout, note, progress };
  const apply = applyObjects({
    kube,
    resources,
    objects,
    namespace,
    deadline,
    recreateImmutable: shared?.recreateImmutable,
    memory: shared?.run.memory(namespace),
    watchWorkloads: (ending) => watchForFailure(kube, workloads, { ...rollout, signal: ending }),
    progress,
    note,
    signal,
  });
  try {
    await apply;
  } catch (error) {
    await shared?.run.abandon().catch(() => undefined); // the first error says more
    throw error;
  }
  await (deployment.isLast ? shared?.run.finish() : shared?.run.abandon());
  await waitForRollout(kube, workloads, { ...rollout, signal });
  return objects;
}
