import type { KubeObject } from './api.ts';

/** One object of a manifest, with where it stands. */
export interface ManifestObject {
  /** File, and the object's place in it when it holds several. */
  source: string;
  object: KubeObject;
}
