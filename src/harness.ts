import type { ImageOutcome } from './building/settle-images.ts';
import type { Why } from './building/why.ts';
import type { RunningCluster } from './cluster/bring-up.ts';
import type { ClusterState } from './cluster/cluster.ts';
import type { ClusterStatus } from './cluster/status.ts';
import { withCacheImages, type Config, type Tier } from './config/config.ts';
import { loadConfig } from './config/load.ts';
import { HarnessError } from './core/error.ts';
import type { Emit } from './core/event.ts';
import type { TestSummary } from './core/summary.ts';
import { takeLock } from './machine/lock.ts';
import type { Pruned } from './pruning/pruned.ts';
import type { CacheStatus } from './run/cache-status.ts';
import type { TierPlan } from './run/dry-run.ts';
import { openSession, selectImages, type Session } from './session.ts';
import type { HarnessContext } from './testing/context.ts';

/** Options of `openHarness`. */
export interface OpenOptions {
  /**
   * The directory in which the search for the configuration starts; it goes on in the directories
   * above. Default: the working directory.
   */
  cwd?: string | undefined;
  /** The configuration file. Default: it is searched for. */
  configFile?: string | undefined;
  /** Receives all events: steps, notes and the output of programs. Default: events are ignored. */
  emit?: Emit | undefined;
  /** Aborts the running operation. */
  signal?: AbortSignal | undefined;
  /** Environment variables. Default: those of this process. */
  env?: NodeJS.ProcessEnv | undefined;
  /** The name of this program, shown to other harness processes that wait for it. */
  command?: string | undefined;
  /**
   * Images that are used instead of a build if they were built from the same inputs, by the name of
   * the configured image.
   */
  sinceImages?: Record<string, string> | ((config: Config) => Record<string, string>) | undefined;
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

/**
 * Reads the configuration of a repository. This does not need Docker. Methods of the result throw
 * HarnessError DOCKER_DOWN if Docker does not respond.
 * @throws HarnessError CONFIG, USAGE for an unknown name in `sinceImages`
 */
export async function openHarness(options: OpenOptions = {}): Promise<Harness> {
  const read = await loadConfig(options.cwd ?? process.cwd(), options.configFile);
  const sinceImages =
    typeof options.sinceImages === 'function' ? options.sinceImages(read) : (options.sinceImages ?? {});
  selectImages(read, Object.keys(sinceImages)); // throws for unknown names
  const session = openSession({
    config: withCacheImages(read, sinceImages),
    env: options.env ?? process.env,
    emit: options.emit ?? (() => undefined),
    signal: options.signal ?? new AbortController().signal,
  });
  return new Harness(session, options.command ?? 'a program that uses kind-harness');
}

/**
 * The harness of one repository. Methods that change something first wait until no other harness
 * process uses the same cluster.
 *
 * Each method loads its modules when it is called, because loading all modules takes longer than a
 * check that finds nothing to do.
 */
export class Harness {
  readonly #session: Session;
  readonly #command: string;

  /** @internal Use `openHarness`. */
  constructor(session: Session, command: string) {
    this.#session = session;
    this.#command = command;
  }

  /** The configuration with all defaults. */
  get config(): Config {
    return this.#session.config;
  }

  /** What was built, loaded and tested so far. */
  get results(): Pick<Session, 'builds' | 'loads' | 'tests'> {
    const { builds, loads, tests } = this.#session;
    return { builds, loads, tests };
  }

  /**
   * Creates or starts the cluster and waits until it is ready.
   * @throws HarnessError CLUSTER, CLUSTER_FOREIGN, NODE_IMAGE, LOAD
   */
  up(): Promise<RunningCluster> {
    return this.#alone(async () => (await import('./run/up.ts')).up(this.#session));
  }

  /**
   * Deletes the cluster.
   * @returns whether there was one
   * @throws HarnessError CLUSTER_FOREIGN if this harness did not create it
   */
  down(): Promise<boolean> {
    return this.#alone(async () => (await import('./run/down.ts')).takeDown(this.#session));
  }

  /**
   * Stops the cluster and keeps its state.
   * @returns the cluster as it was before
   * @throws HarnessError CLUSTER_FOREIGN if this harness did not create it
   */
  stop(): Promise<ClusterState> {
    return this.#alone(async () => (await import('./run/stop.ts')).stopCluster(this.#session));
  }

  /** Reports the state of the cluster. Changes nothing. */
  async status(): Promise<ClusterStatus> {
    return (await import('./cluster/status.ts')).clusterStatus(this.#session);
  }

  /**
   * Returns the path of the cluster's kubeconfig, which is private to this repository.
   * @throws HarnessError CLUSTER if the cluster is not running
   */
  async kubeconfig(): Promise<string> {
    const { kubeconfig } = await this.status();
    if (kubeconfig !== null) return kubeconfig;
    throw new HarnessError('CLUSTER', `The cluster ${this.config.cluster.name} is not running.`, {
      next: 'Run `harness up` first.',
    });
  }

  /**
   * Reports whether images are fresh and where they are loaded. Changes nothing.
   * @param names of images; all if empty
   * @param onlyVerdicts leave out the size of BuildKit's cache, which takes longest to find out
   */
  async cacheStatus(names: readonly string[] = [], onlyVerdicts = false): Promise<CacheStatus> {
    const images = selectImages(this.config, names);
    return (await import('./run/cache-status.ts')).cacheStatus(this.#session, images, onlyVerdicts);
  }

  /**
   * Explains why images will be built or not, and why they were last built. Changes nothing.
   * @param names of images; all if empty
   */
  async why(names: readonly string[] = []): Promise<Why[]> {
    const images = selectImages(this.config, names);
    return (await import('./building/why.ts')).why(this.#session, images);
  }

  /** Reports what a tier would do. Changes nothing. */
  async dryRun(tier: Tier): Promise<TierPlan> {
    return (await import('./run/dry-run.ts')).dryRun(this.#session, tier);
  }

  /**
   * Builds stale images.
   * @param names of images; all if empty
   * @param how `force` also builds fresh images, `noCache` builds without BuildKit's cache,
   * `expectFresh` fails instead of building
   * @throws HarnessError BUILD, STALE if an image is stale and `expectFresh` is set
   */
  async build(
    names: readonly string[] = [],
    how: { force?: boolean; noCache?: boolean; expectFresh?: boolean } = {},
  ): Promise<ImageOutcome[]> {
    const images = selectImages(this.config, names);
    const { settleImages } = await import('./building/settle-images.ts');
    return this.#alone(async () => {
      if (how.expectFresh) await this.#expectFresh(images);
      return Promise.all(settleImages(this.#session, images, { tier: 'test-cached', ...how }).values());
    });
  }

  /**
   * Loads images into the nodes of the running cluster that lack them. Builds nothing.
   * @param names of images; all if empty
   * @param how `force` loads them into all nodes
   * @throws HarnessError CLUSTER if the cluster is not running, LOAD
   */
  async load(names: readonly string[] = [], how: { force?: boolean } = {}): Promise<void> {
    const images = selectImages(this.config, names);
    return this.#alone(async () =>
      (await import('./loading/load-existing.ts')).loadExisting(this.#session, images, how.force ?? false),
    );
  }

  /**
   * Does everything that a tier does before its tests: brings up the cluster, builds and loads
   * images, starts services, and deploys the manifests.
   * @returns what tests need to know
   * @throws HarnessError STALE if an image is stale and `expectFresh` is set
   */
  prepare(tier: Tier, { expectFresh = false }: TierOptions = {}): Promise<HarnessContext> {
    return this.#alone(async () => {
      if (expectFresh) await this.#expectFresh(this.config.images);
      return (await import('./run/prepare.ts')).prepareForOthers(this.#session, tier);
    });
  }

  /**
   * Runs a tier: prepares everything, then runs the tests. Failed tests are not an error.
   * @throws HarnessError STALE if an image is stale and `expectFresh` is set
   */
  test(tier: Tier, { expectFresh = false, noTestCache = false, ...how }: TierOptions = {}): Promise<TestSummary> {
    return this.#alone(async () => {
      if (expectFresh) await this.#expectFresh(this.config.images);
      const { args = [], colour = false, keepNamespaces = false } = how;
      const options = {
        args,
        colour,
        keepNamespaces,
        testCache: noTestCache ? ('off' as const) : ('as configured' as const),
      };
      return (await import('./run/tier.ts')).runTier(this.#session, tier, options);
    });
  }

  /**
   * Runs `test-cached`, and repeats what is necessary whenever something changes, until the signal
   * ends it. The result of each round is an event.
   */
  async dev({ args = [], colour = false }: Pick<TierOptions, 'args' | 'colour'> = {}): Promise<never> {
    const { develop } = await import('./dev/develop.ts');
    const { env, emit, signal, config } = this.#session;
    return develop({ env, emit, signal, args, colour, alone: (work) => this.#alone(work) }, config);
  }

  /**
   * Deletes the cluster and all images that were built for this project.
   * @returns whether there was a cluster, and the names of the removed images
   */
  clean(): Promise<{ cluster: boolean; images: string[] }> {
    return this.#alone(async () => {
      const { removeImages, takeDown } = await import('./run/down.ts');
      return { cluster: await takeDown(this.#session), images: await removeImages(this.#session) };
    });
  }

  /**
   * Removes images that are neither configured nor used from nodes, local registry and Docker.
   * `dryRun` only lists them.
   */
  prune({ dryRun = false }: { dryRun?: boolean } = {}): Promise<Pruned[]> {
    return this.#alone(async () => (await import('./pruning/prune.ts')).prune(this.#session, dryRun));
  }

  async #expectFresh(images: Config['images']): Promise<void> {
    return (await import('./building/expect-fresh.ts')).expectFresh(this.#session, images);
  }

  /** Runs `work` while holding the cluster's lock. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const { config, env, emit, signal } = this.#session;
    const onWait = (holder: string) =>
      emit({
        type: 'note',
        level: 'info',
        message: `waiting for ${holder}, which is using cluster ${config.cluster.name}`,
      });
    const release = await takeLock(config.cluster.name, this.#command, { env, signal, onWait });
    try {
      return await work();
    } finally {
      release();
    }
  }
}
