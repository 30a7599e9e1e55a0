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

/** Label on images of this package's own (node image, registry, Debian base): the digest of their recipe. */
export const RECIPE_LABEL = 'kind-harness.recipe';

/** Labels on namespaces and cluster-scoped objects that tests create. */
export const TEST_LABELS = {
  project: 'kind-harness.dev/project',
  run: 'kind-harness.dev/run',
} as const;

/** Annotations on the same objects. */
export const TEST_ANNOTATIONS = {
  /** The `Owner`, as JSON. */
  owner: 'kind-harness.dev/owner',
  /** When it was created. */
  created: 'kind-harness.dev/created',
  /** The test's file and full name. */
  test: 'kind-harness.dev/test',
} as const;

/** Prefix of the pod template annotation that holds an image's digest. */
export const IMAGE_ANNOTATION_PREFIX = 'image.kind-harness.dev/';
