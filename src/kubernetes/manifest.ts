import type { KubeObject } from './api.ts';

/** An object of a manifest, with its source. */
export interface ManifestObject {
  /** The file, and the object's position in it if it contains several. */
  source: string;
  object: KubeObject;
}
