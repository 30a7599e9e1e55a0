/**
 * Labels that the harness puts on the images it builds, and on its registry. What an image was
 * built from lives and dies with it.
 */
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
