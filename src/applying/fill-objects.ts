import type { ImageField } from '../config/config.ts';
import type { ManifestObject } from '../kubernetes/manifest.ts';
import type { NamedImage } from '../loading/loaded-image.ts';
import { withImages } from '../manifests/fill-manifest.ts';
import { withTemplateDigest, type DeployedConfig } from './config-digest.ts';

/** What is filled into objects. */
export interface Filling {
  images: readonly NamedImage[];
  /** Where custom resources name images. */
  imageFields?: readonly ImageField[] | undefined;
  /** For objects that name none. */
  namespace: string;
  /** The ConfigMaps and Secrets up to now; undefined if their changes restart nothing. */
  config?: DeployedConfig | undefined;
}

/** With everything that is filled in: images, and the digests of ConfigMaps and Secrets. */
export function fillObjects(
  objects: readonly ManifestObject[],
  { images, imageFields, namespace, config }: Filling,
): ManifestObject[] {
  const filled = objects.map(({ source, object }) => ({ source, object: withImages(object, images, imageFields) }));
  config?.add(
    filled.map(({ object }) => object),
    namespace,
  );
  return filled.map(({ source, object }) => {
    const withConfig = config?.annotate(object, namespace) ?? object;
    return { source, object: withTemplateDigest(withConfig) };
  });
}
