import type { Config } from '../config/config.ts';
import type { Emit } from '../core/event.ts';

/** Options of `openHarness`. */
export interface OpenOptions {
  /**
   * The directory in which the search for the configuration starts; it continues in the directories
   * above. Default: the working directory.
   */
  cwd?: string | undefined;
  /** The configuration file. Default: it is searched for. */
  configFile?: string | undefined;
  /** The profile of the configuration to use. Default: none. */
  profile?: string | undefined;
  /** The profile to use if it is configured, when `profile` is not given. */
  preferredProfile?: string | undefined;
  /** Receives all events: steps, notes and the output of programs. Default: events are ignored. */
  emit?: Emit | undefined;
  /** Aborts the running operation. */
  signal?: AbortSignal | undefined;
  /** Environment variables. Default: those of this process. */
  env?: NodeJS.ProcessEnv | undefined;
  /** Seconds to wait for other harness processes on the same cluster; 0: do not wait. Default: 900. */
  lockTimeout?: number | undefined;
  /** The name of this program, shown to other harness processes that wait for it. */
  command?: string | undefined;
  /**
   * Images that are used instead of a build if they were built from the same inputs, by the name of
   * the configured image.
   */
  sinceImages?: Record<string, string> | ((config: Config) => Record<string, string>) | undefined;
  /**
   * Recreate objects that cannot be changed in place even if data is lost with them. Default: as
   * configured.
   */
  recreateImmutable?: boolean | undefined;
}

/** How to run a tier. */
export interface TierOptions {
  /** More arguments for the test runner. */
  args?: string[];
  /** Whether the test runner may use colours. Default: no. */
  colour?: boolean;
  /** Fail, before anything is changed, if an image would have to be built. */
  expectFresh?: boolean;
  /** Run all test files, including unchanged ones that passed before. */
  noTestCache?: boolean;
  /** Keep the namespaces that vitest's fixtures create for tests. */
  keepNamespaces?: boolean;
}

/** What is removed with the cluster. */
export interface DownOptions {
  /** Also the volumes of services, with all data in them. */
  volumes?: boolean;
}
