import type { Change } from '../freshness/inputs.ts';

/** Labels that the harness puts on the images it builds, and on its registry. What an image was built from lives and dies with it. */
export const LABELS = {
  /** The digest of all inputs, see `inputsDigest`. */
  inputs: 'dev.kind-harness.inputs',
  project: 'dev.kind-harness.project',
  image: 'dev.kind-harness.image',
  /** On the registry's container: the cluster it stands beside. */
  registry: 'dev.kind-harness.registry',
  /** On the container of a service beside the cluster: its name in the configuration. */
  service: 'dev.kind-harness.service',
  /** On containers: the cluster they stand beside. */
  cluster: 'dev.kind-harness.cluster',
  /** On the registry's container: the digest of what it was made from. */
  definition: 'dev.kind-harness.definition',
} as const;

/** An image as the container runtime of a node lists it. */
export interface NodeImage {
  /** The configuration's digest. */
  id: string;
  /** Full names, such as `docker.io/library/app:latest`. */
  names: string[];
  /** Bytes. */
  size: number;
}

/** What a node's container runtime has. */
export interface NodeContent {
  images: readonly NodeImage[];
  /**
   * The names of the unpacked file systems: what a container can really start from, whatever is listed. Undefined where they cannot be
   * looked at.
   */
  unpacked?: ReadonlySet<string>;
}

export interface FreshnessDecision {
  verdict: 'fresh' | 'stale' | 'missing';
  /** In words, for the user. */
  reason: string;
  changes: Change[];
}

/** `take`: its cache image was built from the same inputs, and is taken in place of a build. */
export interface BuildDecision extends FreshnessDecision {
  action: 'build' | 'take' | 'skip';
}

export interface LoadDecision {
  /** `transfer` where the node lacks the image, `tag` where it lacks only the name. */
  action: 'transfer' | 'tag' | 'skip';
  /** How the node's image compares with the one built: its content under another id is `stale`. */
  verdict: 'present' | 'stale' | 'missing';
  reason: string;
}
