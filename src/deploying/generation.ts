import { randomUUID } from 'node:crypto';
import type { V1Namespace } from '@kubernetes/client-node';
import { waitForServiceAccount } from '../applying/usable.ts';
import { digestOfJson } from '../core/digest.ts';
import { GENERATION_ANNOTATION } from '../core/labels.ts';
import { kubeFind, type KubeAccess } from '../kubernetes/api.ts';
import type { ManifestObject } from '../kubernetes/manifest.ts';
import { serverSideApply } from '../kubernetes/server-side-apply.ts';
import type { DeployedImage } from '../loading/loaded-image.ts';

/**
 * What was last deployed to a namespace, as an annotation on it. It is written before anything is
 * changed, so a deployment that fails has replaced the one before it.
 */
export interface Generation {
  /** Differs for each deployment that is not identical to the one before it. */
  id: string;
  /** The manifests that were deployed; see `contentDigest`. */
  content: string;
  /** The digests of the steps that were done after them, by their places in the configuration. */
  steps?: Readonly<Record<string, string>>;
  /** The directory of the configuration that was deployed. */
  directory: string;
  /** When it was first deployed, ISO 8601. */
  since: string;
}

/** The digest of images and objects: equal for deployments that are identical. */
export function contentDigest(objects: readonly ManifestObject[], images: readonly DeployedImage[]): string {
  return digestOfJson([
    images.map(({ reference, digest }) => [reference, digest]),
    objects.map(({ object }) => object),
  ]);
}

/**
 * Makes sure that a namespace exists, and records in it what is about to be deployed.
 * @param ready resolves when the namespace may be changed; it is read meanwhile
 * @returns the generation that the namespace has from now on
 */
export async function beginGeneration(
  kube: KubeAccess,
  namespace: string,
  wanted: Pick<Generation, 'content' | 'directory'>,
  ready: Promise<void>,
): Promise<Generation> {
  const [found] = await Promise.all([readNamespace(kube, namespace), ready]);
  const present = found?.status?.phase === 'Active' ? generationIn(found) : undefined;
  if (present?.content === wanted.content) return present;
  const { content, directory } = wanted;
  return writeGeneration(kube, namespace, { content, directory, ...(present?.steps ? { steps: present.steps } : {}) });
}

/**
 * Records that a step is about to be done.
 * @param digest of what it deploys: the same one again makes no other generation
 * @returns the generation that the namespace has from now on
 */
export async function beginStep(
  kube: KubeAccess,
  namespace: string,
  generation: Generation,
  { place, digest }: { place: string; digest: string },
): Promise<Generation> {
  const { content, directory, steps = {} } = generation;
  if (steps[place] === digest) return generation;
  return writeGeneration(kube, namespace, { content, directory, steps: { ...steps, [place]: digest } });
}

/** The generation of a namespace; undefined if it does not exist or nothing was deployed to it. */
export async function readGeneration(kube: KubeAccess, namespace: string): Promise<Generation | undefined> {
  const found = await readNamespace(kube, namespace);
  return found && generationIn(found);
}

function generationIn({ metadata }: V1Namespace): Generation | undefined {
  try {
    return JSON.parse(metadata?.annotations?.[GENERATION_ANNOTATION] ?? '') as Generation;
  } catch {
    return undefined;
  }
}

function readNamespace(kube: KubeAccess, name: string): Promise<V1Namespace | undefined> {
  return kubeFind<V1Namespace>(kube, `/api/v1/namespaces/${name}`);
}

async function writeGeneration(
  kube: KubeAccess,
  name: string,
  what: Omit<Generation, 'id' | 'since'>,
): Promise<Generation> {
  const generation: Generation = { id: randomUUID(), ...what, since: new Date().toISOString() };
  const annotations = { [GENERATION_ANNOTATION]: JSON.stringify(generation) };
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, annotations } };
  // A field manager of its own: a manifest of the same namespace would otherwise remove the
  // annotation.
  await serverSideApply(kube, `/api/v1/namespaces/${name}`, namespace, { manager: 'kind-harness-deployment' });
  await waitForServiceAccount(kube, name);
  return generation;
}
