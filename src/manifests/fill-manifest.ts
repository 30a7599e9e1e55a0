import type { ImageField } from '../config/config.ts';
import { IMAGE_ANNOTATION_PREFIX } from '../core/labels.ts';
import { canonicalName, repositoryOf } from '../docker/reference.ts';
import type { KubeObject } from '../kubernetes/api.ts';
import { builtInKind } from '../kubernetes/built-in-kind.ts';
import type { NamedImage } from '../loading/loaded-image.ts';
import { copyOf } from './copy-of.ts';
import { fieldsOf, textsIn, type Field } from './image-fields.ts';
import { containersOf, imageVolumesOf, podTemplates, type PodTemplate } from './pod-templates.ts';

/**
 * Inserts the configured images into an object. An `image:` with the name or repository of a
 * configured image becomes its reference and is never pulled. An annotation of the pod template
 * records the build.
 * @param fields where custom resources name images
 */
export function withImages(
  object: KubeObject,
  images: readonly NamedImage[],
  fields: readonly ImageField[] = [],
): KubeObject {
  return fillIn(object, images, fields).object;
}

/** The names of the configured images that no object names. */
export function unnamedImages(
  objects: readonly KubeObject[],
  images: readonly NamedImage[],
  fields: readonly ImageField[],
): string[] {
  const named = new Set(objects.flatMap((object) => fillIn(object, images, fields).used));
  return images.map(({ name }) => name).filter((name) => !named.has(name));
}

function fillIn(
  object: KubeObject,
  images: readonly NamedImage[],
  fields: readonly ImageField[],
): { object: KubeObject; used: string[] } {
  const copy = copyOf(object);
  const used: string[] = [];
  for (const { template } of podTemplates(copy)) {
    const inTemplate = fillTemplate(template, images);
    annotate(template, inTemplate);
    used.push(...inTemplate.map(({ name }) => name));
  }
  if (builtInKind(copy) !== undefined) return { object: copy, used };
  const inFields = [
    ...fieldsOf(copy, fields).flatMap((field) => fillField(field, (written) => imageFor(written, images))),
    ...textsIn(copy).flatMap((field) => fillField(field, (written) => imageWithReference(written, images))),
  ];
  annotate(copy, inFields);
  return { object: copy, used: [...used, ...inFields.map(({ name }) => name)] };
}

/** @returns the images that were filled in */
function fillTemplate(template: PodTemplate, images: readonly NamedImage[]): NamedImage[] {
  // The image is only in the nodes. Any other policy, also one in the manifest, could ask Docker
  // Hub or a registry for it, and run what somebody else has pushed under its name.
  const inContainers = containersOf(template).flatMap(({ container }) => {
    const image = imageFor(container.image, images);
    if (!image) return [];
    Object.assign(container, { image: image.reference, imagePullPolicy: 'Never' });
    return [image];
  });
  const inVolumes = imageVolumesOf(template).flatMap((volume) => {
    const image = imageFor(volume.image.reference, images);
    if (!image) return [];
    Object.assign(volume.image, { reference: image.reference, pullPolicy: 'Never' });
    return [image];
  });
  return [...inContainers, ...inVolumes];
}

function fillField({ holder, key }: Field, find: (written: string) => NamedImage | undefined): NamedImage[] {
  const written = holder[key];
  const image = typeof written === 'string' ? find(written) : undefined;
  if (!image) return [];
  holder[key] = image.reference;
  if (typeof holder['imagePullPolicy'] === 'string') holder['imagePullPolicy'] = 'Never';
  return [image];
}

/** Records builds, so that pods are replaced when an image was rebuilt under the same reference. */
function annotate(
  target: { metadata?: { annotations?: Record<string, string> } },
  images: readonly NamedImage[],
): void {
  const builds = images.flatMap(({ name, digest }) => (digest === undefined ? [] : [[annotationOf(name), digest]]));
  if (builds.length === 0) return;
  const annotations = { ...target.metadata?.annotations, ...(Object.fromEntries(builds) as Record<string, string>) };
  target.metadata = { ...target.metadata, annotations };
}

/** The annotation of pod templates that records which build of an image they run. */
export function annotationOf(image: string): string {
  return `${IMAGE_ANNOTATION_PREFIX}${image}`;
}

/**
 * Compares names first, then whole references, then repositories: two images may share a repository
 * and differ in their tags.
 */
function imageFor<T extends NamedImage>(written: string | undefined, images: readonly T[]): T | undefined {
  if (typeof written !== 'string') return undefined;
  const [name, repository] = [canonicalName(written), repositoryOf(written)];
  return (
    images.find((image) => image.name === written) ??
    images.find((image) => name !== undefined && canonicalName(image.reference) === name) ??
    images.find((image) => repository !== undefined && repositoryOf(image.reference) === repository)
  );
}

/** The image with exactly this reference, written in full: a single word could mean anything. */
function imageWithReference(written: string, images: readonly NamedImage[]): NamedImage | undefined {
  if (!/:[^/\s]+$/.test(written)) return undefined;
  const name = canonicalName(written);
  return name === undefined ? undefined : images.find((image) => canonicalName(image.reference) === name);
}
