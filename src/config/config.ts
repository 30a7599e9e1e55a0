/** A configuration after it was read and checked: every path absolute, every default filled in. */
export interface Config {
  /** The file it came from. */
  file: string;
  /** The directory of that file: relative paths count from here, tests run here. */
  root: string;
  /** Where the harness keeps its own files (kubeconfig, caches): `<root>/.harness`. */
  stateDirectory: string;
  project: string;
  /** The Kubernetes namespace that manifests without one go into. */
  namespace: string;
  cluster: ClusterConfig;
  images: ImageConfig[];
  /** How images get into nodes. */
  transport: (typeof TRANSPORTS)[number];
  /** Whether the registry outlives its cluster. */
  keepRegistry: boolean;
  services: ServiceConfig[];
  /** Manifest files, in the order of their paths. */
  manifests: string[];
  tests: TestsConfig;
}

/** The ways into a node that can be asked for. */
export const TRANSPORTS = ['auto', 'registry', 'archive'] as const;

export interface ClusterConfig {
  name: string;
  /** One control plane and, above 1, that many less one workers. Ignored with `kindConfig`. */
  nodes: number;
  /** The user's own kind configuration file. */
  kindConfig?: string;
  /** The node image to use in place of the harness's choice. */
  nodeImage?: string;
}

export interface ImageConfig {
  name: string;
  context: string;
  dockerfile: string;
  target?: string;
  /**
   * What of the context counts as an input, as patterns of an ignore file; everything, when absent.
   */
  sources?: string[];
  buildArgs: Record<string, BuildArgument>;
  /** Named contexts by their names in the Dockerfile. */
  contexts: Record<string, NamedContext>;
  /** Such as `linux/arm64`; empty: what Docker builds for by itself. */
  platforms: string[];
  /** Build secrets by id. */
  secrets: Record<string, Secret>;
  /**
   * An image that may be taken in place of a build, when its label says that it was built from the
   * same inputs.
   */
  cacheImage?: string;
  /** The full reference the image is built under, such as `shop/api:dev`. */
  reference: string;
  /**
   * Base images, as they stand in `FROM`, that may be made from Debian's packages where no
   * container registry answers: reference to Debian release, such as `debian:bookworm-slim` to
   * `bookworm`.
   */
  debianBases: Record<string, string>;
}

/** A container beside the cluster. */
export interface ServiceConfig {
  name: string;
  image: string;
  ports: number[];
  env: Record<string, string | { env: string }>;
  /** Empty: the image's own. */
  command: string[];
  /** What tells that it can be used; its listening ports, when absent. */
  ready?: { log: string } | { http: string };
}

/** A build argument's value, or the environment variable that it is taken from. */
export type BuildArgument = string | { env: string };

/** Where a secret's value comes from. */
export type Secret = { env: string } | { file: string };

/**
 * What stands for a name in `FROM`, `COPY --from` or `RUN --mount`: a directory, an image, or what
 * only BuildKit can look into.
 */
export type NamedContext = { directory: string } | { image: string } | { url: string };

export type TestsConfig =
  | { runner: 'command'; command: [string, ...string[]] }
  | { runner: 'vitest'; config?: string; args: string[]; cache: TestCacheConfig };

/**
 * Whether test files that passed before are left out, and what tests read besides what they import:
 * globs and names of variables.
 */
export interface TestCacheConfig {
  on: boolean;
  files: string[];
  env: string[];
}

/** The tiers, from the most thorough to the quickest. */
export const TIERS = ['test-kind', 'test-cached', 'test-fast'] as const;
export type Tier = (typeof TIERS)[number];

/**
 * The configuration with other images to take in place of builds, by the name of what they replace.
 */
export function withCacheImages(config: Config, references: Readonly<Record<string, string>>): Config {
  const images = config.images.map((image) => {
    const cacheImage = references[image.name] ?? image.cacheImage;
    return cacheImage === undefined ? image : { ...image, cacheImage };
  });
  return { ...config, images };
}
