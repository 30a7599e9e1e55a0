import type { AuditRule } from './config.ts';
import type { DeploySettings, DeployStepConfig } from './define-deploy.ts';
import type { FactName, StampWay } from '../settings/image-facts.ts';

/**
 * The content of `harness.config.ts` (or .js, .mjs, .json, .yaml). Relative paths start at the
 * directory of that file. `schema.ts` checks it; unknown keys are errors. The JSON schema takes
 * these comments as descriptions.
 */
export interface HarnessConfig {
  /** The JSON schema of this file, for editors. Ignored. */
  $schema?: string;
  /** A short name for the cluster, the namespace and the images. Default: the directory's name. */
  project?: string;
  /** The namespace for manifests that name none, and for the tests. Default: the project's name. */
  namespace?: string;
  /** The kind cluster. */
  cluster?: {
    /** Name of the kind cluster. Default: the project's name. */
    name?: string;
    /** Number of nodes: one control plane, the others are workers. Default: 1. */
    nodes?: number;
    /** A kind configuration file of your own, instead of `nodes`. */
    config?: string;
    /**
     * A node image of your own. Default: a pinned `kindest/node`, or one built from packages if no
     * registry answers.
     */
    nodeImage?: string;
  };
  /** The images to build, by name; with `image` only, one that others have built. */
  images?: Record<
    string,
    {
      /**
       * An image of others, such as `postgres:17`. It is pulled if Docker does not have it, and never
       * built; no other setting goes with it.
       */
      image?: string;
      /** The build context. Default: the directory of the configuration. */
      context?: string;
      /**
       * The Dockerfile, relative to the configuration's directory or to the context. Default:
       * `Dockerfile` in the context.
       */
      dockerfile?: string;
      /** The stage to build. Default: the last one. */
      target?: string;
      /**
       * Which files of the context make the image stale, as patterns of an ignore file (`src`,
       * `!src/docs`). Default: all. For images that share a context.
       */
      sources?: string[];
      /** Build arguments; `{ env: 'NAME' }` takes the value from the environment. */
      buildArgs?: Record<string, string | number | boolean | { env: string }>;
      /**
       * Named contexts (`--build-context`): a directory, `docker-image://<reference>`, or a URL
       * that BuildKit accepts.
       */
      contexts?: Record<string, string>;
      /**
       * Platforms to build for, such as `linux/arm64`. Default: `DOCKER_DEFAULT_PLATFORM`, or
       * Docker's own.
       */
      platforms?: string[];
      /**
       * Build secrets (`--secret`) by id, from the environment or from a file. Their values are not
       * stored anywhere.
       */
      secrets?: Record<string, { env: string } | { file: string }>;
      /** The reference of the built image. A single word is a tag. Default: `<project>/<name>:dev`. */
      tag?: string;
      /**
       * An image, such as the last one from CI, to use instead of building if it has the same
       * inputs.
       */
      cacheImage?: string;
      /**
       * Base images that may be built from Debian's packages if no registry answers: reference to
       * Debian release.
       */
      debianBases?: Record<string, string>;
      /**
       * Further tags. A fixed one, such as `latest`, moves to the newest build. One with a
       * placeholder, such as `git-{commit}`, never comes to mean another result. Placeholders:
       * `{commit}`, `{version}`, `{branch}`, `{dockerfile}`, `{inputs}`.
       */
      tags?: string[];
      /**
       * Facts to put into the image, by name: `{ GIT_COMMIT: 'commit' }`. They never make it stale:
       * the image says what was true when it was built. A name such as `GIT_COMMIT` becomes a
       * variable, one with dots a label, a path a file; `as` chooses otherwise.
       */
      stamps?: Record<string, FactName | { fact: FactName; as?: StampWay }>;
      /**
       * The most that the image may have, in bytes or such as `'150 MB'`. A larger one is an error.
       * Default: any size.
       */
      maxSize?: number | string;
      /** The network of each `RUN`. Default: `default`, which is BuildKit's own. */
      network?: 'none' | 'host' | 'default';
      /**
       * Hosts that each `RUN` knows, such as `db:10.0.0.5` or `proxy:host-gateway`. They are not in
       * the image.
       */
      extraHosts?: string[];
      /** The size of `/dev/shm` in each `RUN`, in bytes or such as `'64m'`. */
      shmSize?: number | string;
      /**
       * What `RUN --mount=type=ssh` may use (`--ssh`): `default` for the agent of `SSH_AUTH_SOCK`,
       * or `id=path` of a socket or key.
       */
      ssh?: string[];
      /** Labels to put on the image. */
      labels?: Record<string, string | number | boolean>;
    }
  >;
  /**
   * Other settings of `images`, by the name of a profile, for `--profile`. `build-dev` uses the profile
   * `development` and `build-prod` uses `production`, if they exist. Objects such as `buildArgs` are
   * merged by their keys; other values replace those in `images`.
   */
  profiles?: Record<
    string,
    {
      /** Settings by the name of an image, as in `images`. */
      images?: NonNullable<HarnessConfig['images']>;
    }
  >;
  /** How images get into nodes. */
  load?: {
    /**
     * `registry` sends only missing layers, through a local registry; `archive` sends whole images;
     * `auto` uses the registry if it can. Default: `auto`.
     */
    transport?: 'auto' | 'registry' | 'archive';
  };
  /** The local registry. */
  registry?: {
    /** Keep the registry and its content when the cluster is deleted. Default: false. */
    keep?: boolean;
    /**
     * Registries whose images pods get through a cache beside the cluster, such as `docker.io`. An
     * object names another server to ask for them.
     */
    mirrors?: (string | { host: string; from: string })[];
  };
  /**
   * Containers next to the cluster, such as a database. They keep running from one run to the next
   * until their definition changes, and pods reach them by name.
   */
  services?: Record<
    string,
    {
      /** Pulled if it is not on this machine. */
      image: string;
      /** The ports it listens on. */
      ports: number[];
      /** Its environment; `{ env: 'NAME' }` takes the value from the harness's environment. */
      env?: Record<string, string | { env: string }>;
      /** Instead of the image's own. */
      command?: string[];
      /**
       * When it is ready: once its log contains these words, or once a GET on its first port
       * succeeds. Default: once its ports listen.
       */
      ready?: { log: string } | { http: string };
    }
  >;
  /**
   * Globs of Kubernetes manifests, or directories. `!` before a glob takes files away. The harness
   * applies them in a fitting order.
   */
  manifests?: string | string[];
  /**
   * More than manifests: steps that are taken in order after `manifests`. An array of steps, or an
   * object with `steps` and settings.
   */
  deploy?: DeployStepConfig[] | DeploySettings;
  /** How to test. Default: the vitest of your project. */
  tests?: {
    /** Any program, as argv. Its exit status decides. */
    command?: string[];
    /** Settings for vitest. */
    vitest?: {
      /** Its configuration file. Default: the one that vitest finds. */
      config?: string;
      /** Additional arguments. */
      args?: string[];
    };
    /**
     * Skip test files that passed before with the same images, manifests, files, packages and
     * configuration; never in CI or in test-kind. An object lists the files (globs) and environment
     * variables that tests read besides their imports. Default: false.
     */
    cache?: boolean | { files?: string[]; env?: string[] };
  };
  /** What `harness audit` checks. */
  audit?: {
    /**
     * The most that the files of a build context may have in total, in bytes or as in `'50 MB'`. A
     * larger one ends `harness audit` with exit code 3. Default: any size.
     */
    maxContext?: number | string;
    /** Rules whose findings are left out, such as `unpinned-base`. */
    ignore?: AuditRule[];
  };
  /** How long to wait, in seconds. */
  timeouts?: {
    /** Until a created or started cluster is ready. Default: 240. */
    cluster?: number;
    /** Until everything that was deployed is ready. Default: 300. */
    deploy?: number;
    /** Until a service accepts connections. Default: 60. */
    service?: number;
  };
}

/** Gives an editor the types of the configuration; returns its argument. */
export function defineConfig(config: HarnessConfig): HarnessConfig {
  return config;
}
