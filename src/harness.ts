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

/** How a harness is opened. */
export interface OpenOptions {
  /** Where to look upwards for the configuration from. Default: the working directory. */
  cwd?: string;
  /** The configuration file, in place of looking for it. */
  configFile?: string;
  /** Hears everything that happens. Default: nobody. */
  emit?: Emit;
  /** Ends whatever runs. */
  signal?: AbortSignal;
  env?: NodeJS.ProcessEnv;
  /** What other harness processes are told they wait for. */
  command?: string;
  /**
   * Images that may be taken in place of a build when they were built from the same inputs, by the
   * name of what they replace.
   */
  sinceImages?: Record<string, string> | ((config: Config) => Record<string, string>);
}

/** How a tier is run. */
export interface TierOptions {
  /** Arguments for the test runner. */
  args?: string[];
  /** Whether its output may be coloured. */
  colour?: boolean;
  /** Do nothing at all when an image would have to be built. */
  expectFresh?: boolean;
  /** Run test files also when they passed before and nothing changed. */
  noTestCache?: boolean;
  /** Have vitest's fixtures keep the namespaces of tests. */
  keepNamespaces?: boolean;
}

/**
 * Opens the harness of a repository: reads its configuration. Whatever asks Docker afterwards
 * throws HarnessError DOCKER_DOWN when it does not answer.
 * @throws HarnessError CONFIG
 */
export async function openHarness(options: OpenOptions = {}): Promise<Harness> {
  const read = await loadConfig(options.cwd ?? process.cwd(), options.configFile);
  const sinceImages =
    typeof options.sinceImages === 'function' ? options.sinceImages(read) : (options.sinceImages ?? {});
  selectImages(read, Object.keys(sinceImages)); // refuses names that are not configured
  const session = openSession({
    config: withCacheImages(read, sinceImages),
    env: options.env ?? process.env,
    emit: options.emit ?? (() => undefined),
    signal: options.signal ?? new AbortController().signal,
  });
  return new Harness(session, options.command ?? 'a program that uses kind-harness');
}

/**
 * The harness of one repository. Whatever changes something waits for other harness processes on
 * the same cluster. What each method needs is loaded when it is called: a check that finds nothing
 * to do takes less time than loading everything would.
 */
export class Harness {
  readonly #session: Session;
  readonly #command: string;

  /** Use `openHarness`. */
  constructor(session: Session, command: string) {
    this.#session = session;
    this.#command = command;
  }

  get config(): Config {
    return this.#session.config;
  }

  /** What was built, loaded and tested so far: for the summary. */
  get results(): Pick<Session, 'builds' | 'loads' | 'tests'> {
    const { builds, loads, tests } = this.#session;
    return { builds, loads, tests };
  }

  /** Brings the cluster to where it can be used. */
  up(): Promise<RunningCluster> {
    return this.#alone(async () => (await import('./run/up.ts')).up(this.#session));
  }

  /** Deletes the cluster, if it is ours. @returns whether there was one */
  down(): Promise<boolean> {
    return this.#alone(async () => (await import('./run/down.ts')).takeDown(this.#session));
  }

  /** Stops the cluster; it keeps everything. */
  stop(): Promise<ClusterState> {
    return this.#alone(async () => (await import('./run/stop.ts')).stopCluster(this.#session));
  }

  /** The cluster as it is. Changes nothing. */
  async status(): Promise<ClusterStatus> {
    return (await import('./cluster/status.ts')).clusterStatus(this.#session);
  }

  /**
   * Path of the private kubeconfig of the running cluster.
   * @throws HarnessError CLUSTER when there is none
   */
  async kubeconfig(): Promise<string> {
    const { kubeconfig } = await this.status();
    if (kubeconfig !== null) return kubeconfig;
    throw new HarnessError('CLUSTER', `The cluster ${this.config.cluster.name} is not up.`, {
      next: 'Run `harness up` first.',
    });
  }

  /**
   * The verdict on each image. Changes nothing.
   * @param onlyVerdicts leave out the size of BuildKit's cache, which takes longest
   */
  async cacheStatus(names: readonly string[] = [], onlyVerdicts = false): Promise<CacheStatus> {
    const images = selectImages(this.config, names);
    return (await import('./run/cache-status.ts')).cacheStatus(this.#session, images, onlyVerdicts);
  }

  /**
   * Why the next build of each image happens or does not, and why the last one did. Changes
   * nothing.
   */
  async why(names: readonly string[] = []): Promise<Why[]> {
    const images = selectImages(this.config, names);
    return (await import('./building/why.ts')).why(this.#session, images);
  }

  /** What a tier would do. Changes nothing. */
  async dryRun(tier: Tier): Promise<TierPlan> {
    return (await import('./run/dry-run.ts')).dryRun(this.#session, tier);
  }

  /**
   * Builds images: only stale ones, or all of them (`force`), with no cache (`noCache`).
   * @throws HarnessError STALE when one is stale and none was to be (`expectFresh`)
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
   * Loads images into the running cluster's nodes: where they are missing, or everywhere (`force`).
   * Builds nothing.
   */
  async load(names: readonly string[] = [], how: { force?: boolean } = {}): Promise<void> {
    const images = selectImages(this.config, names);
    return this.#alone(async () =>
      (await import('./loading/load-existing.ts')).loadExisting(this.#session, images, how.force ?? false),
    );
  }

  /** Everything a tier does before its tests. @returns what tests are handed */
  prepare(tier: Tier, { expectFresh = false }: TierOptions = {}): Promise<HarnessContext> {
    return this.#alone(async () => {
      if (expectFresh) await this.#expectFresh(this.config.images);
      return (await import('./run/prepare.ts')).prepareForOthers(this.#session, tier);
    });
  }

  /**
   * Runs a tier to the end of its tests.
   * @throws HarnessError STALE when an image is stale and none was to be (`expectFresh`)
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
   * Runs `test-cached` and again what is due whenever something changes, until it is ended by the
   * signal. How each round ends is told as an event.
   */
  async dev({ args = [], colour = false }: Pick<TierOptions, 'args' | 'colour'> = {}): Promise<never> {
    const { develop } = await import('./dev/develop.ts');
    const { env, emit, signal, config } = this.#session;
    return develop({ env, emit, signal, args, colour, alone: (work) => this.#alone(work) }, config);
  }

  /** Deletes the cluster and the images that this project's builds made. */
  clean(): Promise<{ cluster: boolean; images: string[] }> {
    return this.#alone(async () => {
      const { removeImages, takeDown } = await import('./run/down.ts');
      return { cluster: await takeDown(this.#session), images: await removeImages(this.#session) };
    });
  }

  /**
   * Removes what nothing configured names and nothing uses from nodes, registry and Docker;
   * `dryRun` only says what.
   */
  prune({ dryRun = false }: { dryRun?: boolean } = {}): Promise<Pruned[]> {
    return this.#alone(async () => (await import('./pruning/prune.ts')).prune(this.#session, dryRun));
  }

  async #expectFresh(images: Config['images']): Promise<void> {
    return (await import('./building/expect-fresh.ts')).expectFresh(this.#session, images);
  }

  /** Runs while no other harness process works on this cluster. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const { config, env, emit, signal } = this.#session;
    const onWait = (holder: string) =>
      emit({
        type: 'note',
        level: 'info',
        message: `waiting for ${holder}, which uses the cluster ${config.cluster.name}`,
      });
    const release = await takeLock(config.cluster.name, this.#command, { env, signal, onWait });
    try {
      return await work();
    } finally {
      release();
    }
  }
}
