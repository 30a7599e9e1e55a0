import type { DeployStep } from './deploy-step.ts';
import type { Stamp } from '../settings/image-facts.ts';
import type { StepSettings } from '../settings/step-settings.ts';

/** A configuration after it was read and checked: every path absolute, every default filled in. */
export interface Config {
  /** The file it came from. */
  file: string;
  /** The directory of that file: relative paths start here, tests run here. */
  root: string;
  /**
   * Where the harness keeps its own files (kubeconfig, caches): `<root>/.harness/<cluster>`, so that
   * several configurations in one directory do not share them.
   */
  stateDirectory: string;
  /** The profile whose settings are in it; undefined for none. */
  profile?: string | undefined;
  project: string;
  /** Whether the configuration sets `project`. Otherwise it is the directory's name. */
  isProjectNamed: boolean;
  /** The Kubernetes namespace for manifests that name none. */
  namespace: string;
  cluster: ClusterConfig;
  images: ImageConfig[];
  /** Images that others have built: they are pulled when missing, and loaded like ours. */
  others: OtherImage[];
  /** How images get into nodes. */
  transport: (typeof TRANSPORTS)[number];
  /** Whether the registry and the mirrors outlive their cluster. */
  keepRegistry: boolean;
  /** Registries whose images pods get through a cache beside the cluster. */
  mirrors: MirrorConfig[];
  services: ServiceConfig[];
  /** Manifest files, sorted by path. */
  manifests: string[];
  deploy: DeployConfig;
  tests: TestsConfig;
  audit: AuditConfig;
  timeouts: Timeouts;
}

/** How images can be asked to get into nodes. */
export const TRANSPORTS = ['auto', 'registry', 'archive'] as const;

/** The rules of an audit. Names never change. */
export const AUDIT_RULES = [
  'unused-files', // no step takes them
  'rebuilt-files', // a step takes them, although other steps make them again
  'secret-file',
  'secret-content',
  'ignore-line',
  'early-stamp',
  'copy-before-install',
  'cache-mount',
  'cache-mount-lock',
  'unpinned-base',
  'root-user',
  'secret-in-arg',
  'buildkit-check',
  'hadolint',
] as const;

export type AuditRule = (typeof AUDIT_RULES)[number];

/** What `harness audit` demands. */
export interface AuditConfig {
  /** The most bytes that the files of a context may have; undefined for any number. */
  maxContext?: number | undefined;
  /** Rules whose findings are left out. */
  ignore: AuditRule[];
}

/** How long the harness waits, in milliseconds. */
export interface Timeouts {
  /** Until a created or started cluster is ready. */
  cluster: number;
  /** Until everything that was deployed is ready. */
  deploy: number;
  /** Until a service accepts connections. */
  service: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = { cluster: 240_000, deploy: 300_000, service: 60_000 };

export interface ClusterConfig {
  name: string;
  /** One control plane; the others are workers. Ignored with `kindConfig`. */
  nodes: number;
  /** The user's own kind configuration file. */
  kindConfig?: string | undefined;
  /** The node image to use instead of the harness's choice. */
  nodeImage?: string | undefined;
}

export interface ImageConfig extends StepSettings {
  name: string;
  context: string;
  dockerfile: string;
  target?: string | undefined;
  /** Which files of the context are inputs, as patterns of an ignore file; all, if absent. */
  sources?: string[] | undefined;
  buildArgs: Record<string, BuildArgument>;
  /** Named contexts, by their names in the Dockerfile. */
  contexts: Record<string, NamedContext>;
  /** Such as `linux/arm64`; empty: Docker's default. */
  platforms: string[];
  /** Build secrets by id. */
  secrets: Record<string, Secret>;
  /** An image to use instead of building, if its label says that it has the same inputs. */
  cacheImage?: string | undefined;
  /** The full reference of the built image, such as `shop/api:dev`. */
  reference: string;
  /**
   * Base images, as written in `FROM`, that may be built from Debian's packages when no container
   * registry answers: reference to Debian release, such as `debian:bookworm-slim` to `bookworm`.
   */
  debianBases: Record<string, string>;
  /** The profile that changed these settings; undefined for none. */
  profile?: string | undefined;
  /** Facts that a build puts into the image. Which ones is an input; their values are not. */
  stamps: Stamp[];
  /** The most bytes that the image may have; undefined for any number. */
  maxSize?: number | undefined;
  /** Further tags: fixed ones, which move, and templates, each of which always means one result. */
  tags: string[];
}

/** An image that others have built. */
export interface OtherImage {
  name: string;
  /** With a tag. */
  reference: string;
}

/** A registry that is cached beside the cluster. */
export interface MirrorConfig {
  /** As in references of images, such as `docker.io`. */
  host: string;
  /** The URL that the cache asks. */
  from: string;
}

/** How to deploy. */
export interface DeployConfig {
  /** What comes after the manifests, in order. */
  steps: DeployStep[];
  /** Restarts of one container after which the deployment has failed. */
  maxRestarts: number;
  /** Whether pods are replaced when a ConfigMap or Secret that they read has changed. */
  restartOnConfigChange: boolean;
  /** Whether objects that hold data are recreated if they cannot be changed in place. */
  recreateImmutable: boolean;
  /** Where custom resources name images. */
  imageFields: ImageField[];
}

/** A field of a custom resource that names an image. */
export interface ImageField {
  /** `Kind` or `Kind.group`. */
  kind: string;
  /** Such as `spec.containers[*].image`. */
  path: string;
}

/** A container that runs next to the cluster. */
export interface ServiceConfig {
  name: string;
  image: string;
  ports: number[];
  env: Record<string, string | { env: string }>;
  /** Empty: the image's own. */
  command: string[];
  /** When it is ready; if absent, once its ports listen. */
  ready?: { log: string } | { http: string };
}

/** A build argument's value, or the environment variable that holds it. */
export type BuildArgument = string | { env: string };

/** Where a secret's value comes from. */
export type Secret = { env: string } | { file: string };

/**
 * What a name in `FROM`, `COPY --from` or `RUN --mount` refers to: a directory, an image, or a URL
 * that only BuildKit can read.
 */
export type NamedContext = { directory: string } | { image: string } | { url: string };

export type TestsConfig =
  | { runner: 'command'; command: [string, ...string[]] }
  | { runner: 'vitest'; config?: string | undefined; args: string[]; cache: TestCacheConfig };

/** Whether to skip test files that passed before, and what tests read besides their imports. */
export interface TestCacheConfig {
  on: boolean;
  /** Globs. */
  files: string[];
  /** Names of variables. */
  env: string[];
}

/** The tiers, from the most thorough to the fastest. */
export const TIERS = ['test-kind', 'test-cached', 'test-fast'] as const;
export type Tier = (typeof TIERS)[number];

/**
 * The configuration with other images to use instead of building.
 * @param references by the name of the image that each one replaces
 */
export function withCacheImages(config: Config, references: Readonly<Record<string, string>>): Config {
  const images = config.images.map((image) => ({
    ...image,
    cacheImage: references[image.name] ?? image.cacheImage,
  }));
  return { ...config, images };
}

/** The configuration with the name of the profile that changed the settings of these images. */
export function withProfile(config: Config, profile: string, changed: readonly string[]): Config {
  const images = config.images.map((image) => (changed.includes(image.name) ? { ...image, profile } : image));
  return { ...config, profile, images };
}

/** The configuration with the user's consent to recreate objects that hold data. */
export function withRecreation(config: Config): Config {
  return { ...config, deploy: { ...config.deploy, recreateImmutable: true } };
}
