import { IMAGE_ANNOTATION_PREFIX } from '../core/labels.ts';
import { canonicalName, repositoryOf } from '../docker/reference.ts';
import type { KubeObject } from '../kubernetes/api.ts';
import type { NamedImage } from '../loading/loaded-image.ts';
import { copyOf } from './copy-of.ts';
import { containersOf, podTemplates } from './pod-templates.ts';

/**
 * Inserts the configured images into an object. An `image:` with the name or repository of a
 * configured image becomes its reference and is never pulled. An annotation of the pod template
 * records the build.
 */
export function withImages(object: KubeObject, images: readonly NamedImage[]): KubeObject {
  const copy = copyOf(object);
  for (const { template } of podTemplates(copy)) {
    const used = new Map<string, string>();
    for (const { container } of containersOf(template)) {
      const image = container.image === undefined ? undefined : imageFor(container.image, images);
      if (!image) continue;
      container.image = image.reference;
      // The image is only in the nodes. Any other policy, also one in the manifest, could ask Docker
      // Hub or a registry for it, and run what somebody else has pushed under its name.
      container.imagePullPolicy = 'Never';
      if (image.digest !== undefined) used.set(annotationOf(image.name), image.digest);
    }
    if (used.size === 0) continue;
    const annotations = Object.fromEntries(used);
    template.metadata = { ...template.metadata, annotations: { ...template.metadata?.annotations, ...annotations } };
  }
  return copy;
}

/** The annotation of pod templates that records which build of an image they run. */
export function annotationOf(image: string): string {
  return `${IMAGE_ANNOTATION_PREFIX}${image}`;
}

/**
 * Compares names first, then whole references, then repositories: two images may share a repository
 * and differ in their tags.
 */
function imageFor<T extends NamedImage>(written: string, images: readonly T[]): T | undefined {
  const [name, repository] = [canonicalName(written), repositoryOf(written)];
  return (
    images.find((image) => image.name === written) ??
    images.find((image) => name !== undefined && canonicalName(image.reference) === name) ??
    images.find((image) => repository !== undefined && repositoryOf(image.reference) === repository)
  );
}
