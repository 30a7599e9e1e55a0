import type { DockerImage } from '../docker/engine.ts';

/** A configured image, and Docker's copy of it. */
export interface LoadableImage {
  image: { name: string; reference: string };
  /** Undefined if Docker does not have it. */
  built: DockerImage | undefined;
}

/** A configured image, as manifests refer to it. */
export interface NamedImage {
  name: string;
  reference: string;
  /**
   * The configuration's digest. It is written into pod templates, so that pods are replaced when an
   * image is rebuilt under the same tag. Not needed if no pod can be older than the image.
   */
  digest?: string;
}

/** An image that was loaded into the nodes. */
export interface DeployedImage extends NamedImage {
  digest: string;
}
