/**
 * Labels that the harness puts on the images it builds and on its containers. The record of what an
 * image was built from is part of the image, so the two cannot diverge.
 */
export const LABELS = {
  /** The digest of all inputs, see `inputsDigest`. */
  inputs: 'dev.kind-harness.inputs',
  project: 'dev.kind-harness.project',
  image: 'dev.kind-harness.image',
  /** On the registry's container: the name of its cluster. */
  registry: 'dev.kind-harness.registry',
  /** On a service's container: the name of the service in the configuration. */
  service: 'dev.kind-harness.service',
  /** On a service's container: the name of its cluster. */
  cluster: 'dev.kind-harness.cluster',
  /** Whose it is: the `Owner` as JSON. On images without its path. */
  owner: 'dev.kind-harness.owner',
  /** On the containers of registry and services: what they were created from. */
  definition: 'dev.kind-harness.definition',
} as const;

/** Label on the volume that is the lock of a cluster: its `Holder`, as JSON. */
export const LOCK_LABEL = 'dev.kind-harness.lock';

/**
 * Label on the images that this package itself makes (node, registry, Debian base): the digest of
 * their recipe.
 */
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

/** Annotation on the namespace that was deployed to: the `Generation`, as JSON. */
export const GENERATION_ANNOTATION = 'kind-harness.dev/deployment';

/** Label on the Lease of each process whose tests use what is deployed. */
export const CLAIM_LABEL = 'kind-harness.dev/claim';

/** Annotation on these Leases: the `TestClaim`, as JSON. */
export const CLAIM_ANNOTATION = 'kind-harness.dev/claim';

/** Annotation of the pod template of a ReplicaSet of its own: the digest of the template. */
export const TEMPLATE_ANNOTATION = 'kind-harness.dev/template';
