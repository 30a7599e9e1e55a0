import type { V1Pod } from '@kubernetes/client-node';
import type { KubeObject } from '../kubernetes/api.ts';
import type { ManifestObject } from '../kubernetes/manifest.ts';
import type { DeployedImage } from '../loading/loaded-image.ts';
import { containersOf, podTemplates } from '../manifests/pod-templates.ts';
import type { Generation } from './generation.ts';

/** What a run has deployed, as far as it can be compared with what is there later. */
export interface Deployed {
  generation: Generation;
  /** Their digests are those that containers must have. */
  images: readonly DeployedImage[];
  workloads: readonly ExpectedPods[];
}

/** An object that creates pods, or is one, and which of our images its containers run. */
export interface ExpectedPods {
  kind: string;
  name: string;
  namespace: string;
  /** The names of the containers that run a configured image. */
  containers: readonly string[];
  /** Of a StatefulSet with a partition: the pods below this number may run another build. */
  partition?: number;
}

/** @param object with the configured images filled in */
export function expectedPods(
  object: KubeObject,
  namespace: string,
  images: readonly DeployedImage[],
): ExpectedPods | undefined {
  const references = images.map(({ reference }) => reference);
  const containers = podTemplates(object)
    .flatMap(({ template }) => containersOf(template))
    .flatMap(({ container: { name, image } }) =>
      name !== undefined && references.includes(image ?? '') ? [name] : [],
    );
  const { kind, metadata } = object;
  const spec = object['spec'] as Staying | undefined;
  // The pods of a paused Deployment stay as they are.
  if (containers.length === 0 || spec?.paused === true) return undefined;
  const partition = spec?.updateStrategy?.rollingUpdate?.partition ?? 0;
  const pods = { kind, name: metadata.name, namespace: metadata.namespace ?? namespace, containers };
  return partition === 0 ? pods : { ...pods, partition: partition + (spec?.ordinals?.start ?? 0) };
}

/** The same of several objects. */
export function allExpectedPods(
  objects: readonly ManifestObject[],
  namespace: string,
  images: readonly DeployedImage[],
): ExpectedPods[] {
  return objects.flatMap(({ object }) => expectedPods(object, namespace, images) ?? []);
}

/** What a run has deployed, with the steps after its manifests. */
export function withSteps(deployed: Deployed, steps: readonly Omit<Deployed, 'images'>[]): Deployed {
  return {
    ...deployed,
    generation: steps.at(-1)?.generation ?? deployed.generation,
    workloads: [...deployed.workloads, ...steps.flatMap(({ workloads }) => workloads)],
  };
}

/** What keeps pods of an earlier version. */
interface Staying {
  paused?: boolean;
  ordinals?: { start?: number };
  updateStrategy?: { rollingUpdate?: { partition?: number } };
}

/**
 * How the cluster differs from what a run has deployed; empty if it does not. Pods that restarted,
 * moved or were scaled run the same images, so they do not count.
 * @param generation that the namespace has now
 * @param idOf the configuration's digest for the `imageID` that a pod reports; undefined if no node
 * knows it
 */
export function differences(
  { generation, images, workloads }: Deployed,
  now: { generation: Generation | undefined; pods: readonly V1Pod[] },
  idOf: (imageId: string) => string | undefined,
): string[] {
  if (!now.generation) return ['what this run deployed was removed'];
  if (now.generation.id !== generation.id) {
    const { since, directory } = now.generation;
    return [`something else was deployed at ${since} from ${directory}`];
  }
  const found = now.pods.filter(isInUse).flatMap((pod) => {
    const workload = workloads.find((each) => isPodOf(pod, each));
    return workload ? strangeContainers(pod, workload, images, idOf) : [];
  });
  return [...new Set(found)];
}

/** Pods that have ended or are ending may be of an earlier deployment. */
function isInUse({ metadata, status }: V1Pod): boolean {
  return metadata?.deletionTimestamp === undefined && status?.phase !== 'Failed' && status?.phase !== 'Succeeded';
}

/** A Deployment's pods belong to a ReplicaSet that is named after it and the pods' template. */
function isPodOf({ metadata }: V1Pod, { kind, name, namespace, partition = 0 }: ExpectedPods): boolean {
  if (metadata?.namespace !== namespace) return false;
  if (partition > Number(/-(\d+)$/.exec(metadata.name ?? '')?.[1] ?? Infinity)) return false;
  if (kind === 'Pod') return metadata.name === name;
  const hash = metadata.labels?.['pod-template-hash'];
  return (metadata.ownerReferences ?? []).some(
    (owner) =>
      (owner.kind === kind && owner.name === name) ||
      (kind === 'Deployment' && owner.kind === 'ReplicaSet' && owner.name === `${name}-${hash}`),
  );
}

function strangeContainers(
  { metadata, spec, status }: V1Pod,
  { containers }: ExpectedPods,
  images: readonly DeployedImage[],
  idOf: (imageId: string) => string | undefined,
): string[] {
  const specs = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return specs.flatMap(({ name, image = '' }) => {
    if (!containers.includes(name)) return [];
    const place = `container ${name} of pod ${metadata?.name}`;
    const ours = images.find(({ reference }) => reference === image);
    if (!ours) return [`${place} runs ${image}, which this run did not deploy`];
    const imageId = statuses.find((each) => each.name === name)?.imageID ?? '';
    if (imageId === '') return []; // it has not started yet
    const id = idOf(imageId);
    return id === ours.digest ? [] : [`${place} runs another build of ${image} (${id ?? imageId})`];
  });
}
