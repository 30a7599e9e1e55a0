/** `deploy` as an object. */
export interface DeploySettings {
  /** What comes after `manifests`, in order. */
  steps?: DeployStepConfig[];
  /** Where custom resources name images. An image that is named there is filled in as in a pod. */
  imageFields?: {
    /** `Kind` or `Kind.group`, such as `Rollout.argoproj.io`. */
    kind: string;
    /** Such as `spec.image` or `spec.containers[*].image`. */
    path: string;
  }[];
  /**
   * How often a container may be restarted while it crashes, before the deployment has failed. Jobs
   * count for themselves (`backoffLimit`). Default: 5.
   */
  maxRestarts?: number;
  /**
   * Replace pods when a ConfigMap or Secret of the deployment that they read has changed. Default:
   * true.
   */
  restartOnConfigChange?: boolean;
  /**
   * Recreate objects that cannot be changed in place even if data is lost with them, such as claims.
   * Default: false; also `--recreate-immutable`.
   */
  recreateImmutable?: boolean;
}

/** One step of `deploy`: exactly one of `helm`, `kustomize`, `manifests` and `command`. */
export interface DeployStepConfig {
  /** Installs or upgrades a release of a chart. */
  helm?: {
    /** A directory or an archive; the chart's name with `repo`; or an `oci://` reference. */
    chart: string;
    /** The name of the release. */
    release: string;
    /** The address of a chart repository. */
    repo?: string;
    /** The version of a chart from a repository. Without it, Helm is asked each time. */
    version?: string;
    /**
     * Files of values, or values. `{image.api}`, `{image.api.repository}` and `{image.api.tag}` are
     * filled in.
     */
    values?: (string | Record<string, unknown>)[];
    /** Single values by their path, such as `image.tag`. The same placeholders are filled in. */
    set?: Record<string, string | number | boolean | { env: string }>;
  };
  /** A directory with a kustomization. */
  kustomize?: string;
  /** Globs of manifests. */
  manifests?: string | string[];
  /** A program that prints manifests, as argv. */
  command?: string[];
  /** Globs of all files that the program reads; then it runs only if one of them changed. */
  inputs?: string[];
  /** For objects that name no namespace. Default: the configuration's. */
  namespace?: string;
  /** How many seconds to wait until everything in this step is ready. Default: `timeouts.deploy`. */
  timeout?: number;
}
