/**
 * What stands in `harness.config.ts` (or .js, .mjs, .json, .yaml). Relative paths count from that
 * file. Checked by `schema.ts`; unknown keys are errors.
 */
export interface HarnessConfig {
  /** A short name, used for the cluster and in image names. Default: the directory's name. */
  project?: string;
  /** The namespace for manifests that name none, and for the tests. Default: the project's name. */
  namespace?: string;
  cluster?: {
    /** Name of the kind cluster. Default: the project's name. */
    name?: string;
    /** How many nodes: one control plane and the rest workers. Default: 1. */
    nodes?: number;
    /** A kind configuration file of your own, in place of `nodes`. */
    config?: string;
    /**
     * A node image of your own. Default: the pinned `kindest/node`, or one built from packages
     * where no registry answers.
     */
    nodeImage?: string;
  };
  images?: Record<
    string,
    {
      /** The build context. Default: the directory of the configuration. */
      context?: string;
      /** Default: `Dockerfile` in the context. Counts from the configuration's directory. */
      dockerfile?: string;
      /** The stage to build. Default: the last one. */
      target?: string;
      /**
       * What of the context counts when it is decided whether the image is stale, as patterns of an
       * ignore file (`src`, `!src/docs`). Default: all of it. For images that share a context.
       */
      sources?: string[];
      /**
       * Build arguments; `{ env: 'NAME' }` takes the value from the environment when the image is
       * built.
       */
      buildArgs?: Record<string, string | number | boolean | { env: string }>;
      /**
       * Named contexts (`--build-context`): a directory, `docker-image://<reference>`, or a URL
       * that BuildKit takes.
       */
      contexts?: Record<string, string>;
      /**
       * Platforms to build for, such as `linux/arm64`. Default: `DOCKER_DEFAULT_PLATFORM`, else
       * Docker's own.
       */
      platforms?: string[];
      /**
       * Build secrets (`--secret`) by id: from the environment or from a file. Their values are
       * stored nowhere.
       */
      secrets?: Record<string, { env: string } | { file: string }>;
      /** The reference to build under. A word alone is a tag. Default: `<project>/<name>:dev`. */
      tag?: string;
      /**
       * An image, such as CI's last one, that is taken in place of a build when it was built from
       * the same inputs.
       */
      cacheImage?: string;
      /**
       * Bases that may be made from Debian's packages where no registry answers: reference to
       * release.
       */
      debianBases?: Record<string, string>;
    }
  >;
  /** How images get into nodes. */
  load?: {
    /**
     * `registry` carries only what is missing, through a registry beside the cluster; `archive`
     * sends whole images; `auto`, the default, is the registry wherever it can be had.
     */
    transport?: 'auto' | 'registry' | 'archive';
  };
  registry?: {
    /** Keep the registry, and so what it holds, when the cluster is deleted. Default: false. */
    keep?: boolean;
  };
  /**
   * Containers beside the cluster, such as a database: kept from run to run as long as nothing that
   * defines them changes, and reached by pods under their names.
   */
  services?: Record<
    string,
    {
      /** Pulled when it is not on this machine. */
      image: string;
      /** The ports that it listens on. */
      ports: number[];
      env?: Record<string, string | { env: string }>;
      /** In place of the image's own. */
      command?: string[];
      /**
       * When it can be used: once its log says so, or once a GET of its first port succeeds.
       * Default: once its ports listen.
       */
      ready?: { log: string } | { http: string };
    }
  >;
  /** Globs of Kubernetes manifests, applied in a fitting order. */
  manifests?: string | string[];
  /** How to test. Default: vitest, found in your project. */
  tests?: {
    /** Any program, as argv. Its exit status decides. */
    command?: string[];
    /** Settings for vitest. */
    vitest?: { config?: string; args?: string[] };
    /**
     * Leave out test files that passed before with the same images, manifests, files, packages and
     * configuration. Not in CI, and not in test-kind. Files (globs) and environment variables that
     * tests read besides what they import are named here. Default: false.
     */
    cache?: boolean | { files?: string[]; env?: string[] };
  };
}

/** Gives an editor the types of the configuration; returns what it got. */
export function defineConfig(config: HarnessConfig): HarnessConfig {
  return config;
}
