import type { ImageOutcome } from './building/settle-images.ts';
import type { RunningCluster } from './cluster/bring-up.ts';
import type { ClusterState } from './cluster/cluster.ts';
import type { ClusterStatus } from './cluster/status.ts';
import { withCacheImages, withRecreation, type Config, type Tier } from './config/config.ts';
import { loadConfig } from './config/load.ts';
import type { Redactor } from './core/redactor.ts';
import type { TestSummary } from './core/summary.ts';
import type { Pruned } from './pruning/pruned.ts';
import type { CacheStatus } from './run/cache-status.ts';
import type { StepDifference } from './run/diff.ts';
import type { Cleaned } from './run/down.ts';
import type { TierPlan } from './run/dry-run.ts';
import { exclusively } from './run/exclusive.ts';
import { ImageReports } from './run/image-reports.ts';
import { inSession } from './run/in-session.ts';
import type { DownOptions, OpenOptions, TierOptions } from './run/options.ts';
import type { PreparedTests } from './run/prepare-for-others.ts';
import { openSession, selectBuilds, selectImages, type Session } from './session.ts';
import type { HarnessContext } from './testing/context.ts';

export type { DownOptions, OpenOptions, TierOptions };

/**
 * Reads the configuration of a repository. This does not need Docker. Methods of the result throw
 * HarnessError DOCKER_DOWN if Docker does not respond.
 * @throws HarnessError CONFIG also for an unknown profile, USAGE for an unknown name in `sinceImages`
 */
export async function openHarness(options: OpenOptions = {}): Promise<Harness> {
  const env = options.env ?? process.env;
  const { profile, preferredProfile } = options;
  const from = options.cwd ?? process.cwd();
  const read = await loadConfig(from, options.configFile, { env, profile, preferredProfile });
  const sinceImages =
    typeof options.sinceImages === 'function' ? options.sinceImages(read) : (options.sinceImages ?? {});
  selectImages(read, Object.keys(sinceImages)); // throws for unknown names
  const config = withCacheImages(options.recreateImmutable ? withRecreation(read) : read, sinceImages);
  const { emit = () => undefined, signal = new AbortController().signal, lockTimeout } = options;
  const session = openSession({ config, env, emit, signal, lockTimeout });
  return new Harness(session, options.command ?? 'a program that uses kind-harness');
}

/**
 * The harness of one repository. Methods that change something first wait until no other harness
 * process uses the same cluster.
 *
 * Each method loads its modules when it is called, because loading all modules takes longer than a
 * check that finds nothing to do.
 */
export class Harness extends ImageReports {
  readonly #session: Session;
  readonly #command: string;

  /** Use `openHarness` instead. */
  constructor(session: Session, command: string) {
    super(session);
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

  /** @internal Masks the values of secrets in what is printed. */
  get redactor(): Redactor {
    return this.#session.redactor;
  }

  /**
   * Creates or starts the cluster and waits until it is ready.
   * @throws HarnessError CLUSTER, CLUSTER_FOREIGN, NODE_IMAGE, LOAD
   */
  up(): Promise<RunningCluster> {
    return this.#alone(async (session) => (await import('./run/up.ts')).up(session));
  }

  /**
   * Deletes the cluster. Volumes of services stay, unless `volumes` is set.
   * @returns whether there was one
   * @throws HarnessError CLUSTER_FOREIGN if this harness did not create it
   */
  down(options: DownOptions = {}): Promise<boolean> {
    return this.#alone(async (session) => (await import('./run/down.ts')).takeDown(session, options));
  }

  /**
   * Stops the cluster and keeps its state.
   * @returns the cluster as it was before
   * @throws HarnessError CLUSTER_FOREIGN if this harness did not create it
   */
  stop(): Promise<ClusterState> {
    return this.#alone(async (session) => (await import('./run/stop.ts')).stopCluster(session));
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
    return (await import('./cluster/status.ts')).runningKubeconfig(this.#session);
  }

  /**
   * Reports whether images are fresh and where they are loaded. Changes nothing.
   * @param names of images; all if empty
   * @param onlyVerdicts leave out the size of BuildKit's cache, which takes longest to find out
   * @param verify read every file first, to see whether the index is right; it is corrected
   */
  async cacheStatus(names: readonly string[] = [], onlyVerdicts = false, verify = false): Promise<CacheStatus> {
    const selected = selectImages(this.config, names);
    const { cacheStatus } = await import('./run/cache-status.ts');
    return inSession(this.#session, (session) => cacheStatus(session, selected, { onlyVerdicts, verify }));
  }

  /** Reports what a tier would do. Changes nothing. */
  async dryRun(tier: Tier): Promise<TierPlan> {
    const { dryRun } = await import('./run/dry-run.ts');
    return inSession(this.#session, (session) => dryRun(session, tier));
  }

  /**
   * Builds stale images.
   * @param names of images; all if empty
   * @param how `force` also builds fresh images, `noCache` runs every step again,
   * `expectFresh` fails instead of building
   * @throws HarnessError BUILD, STALE if an image is stale and `expectFresh` is set
   */
  async build(
    names: readonly string[] = [],
    how: { force?: boolean; noCache?: boolean; expectFresh?: boolean } = {},
  ): Promise<ImageOutcome[]> {
    const images = selectBuilds(this.config, names);
    const { settleImages } = await import('./building/settle-images.ts');
    return this.#alone(async (session) => {
      if (how.expectFresh) await expectFreshImages(session, images);
      return Promise.all((await settleImages(session, images, { tier: 'test-cached', ...how })).values());
    });
  }

  /**
   * Loads images into the nodes of the running cluster that lack them. Builds nothing.
   * @param names of images; all if empty
   * @param how `force` loads them into all nodes
   * @throws HarnessError CLUSTER if the cluster is not running, LOAD
   */
  async load(names: readonly string[] = [], how: { force?: boolean } = {}): Promise<void> {
    const selected = selectImages(this.config, names);
    return this.#alone(async (session) =>
      (await import('./loading/load-existing.ts')).loadExisting(session, selected, how.force ?? false),
    );
  }

  /**
   * Does everything that a tier does before its tests: brings up the cluster, builds and loads
   * images, starts services, and deploys the manifests.
   * @returns what tests need to know
   * @throws HarnessError STALE if an image is stale and `expectFresh` is set
   */
  prepare(tier: Tier, { expectFresh = false }: TierOptions = {}): Promise<HarnessContext> {
    return this.#alone(async (session) => {
      if (expectFresh) await expectFreshImages(session, this.config.images);
      return (await import('./run/prepare-for-others.ts')).prepareForOthers(session, tier);
    });
  }

  /** Reports what a deployment would change in the running cluster, field by field. Changes nothing. */
  diff(): Promise<StepDifference[]> {
    return inSession(this.#session, async (session) => (await import('./run/diff.ts')).diffDeployment(session));
  }

  /**
   * The same for tests that this process runs. Other harness processes that would change what is
   * deployed wait until `end` is called or this process ends.
   */
  prepareForTests(tier: Tier): Promise<PreparedTests> {
    return this.#alone(async (session) =>
      (await import('./run/prepare-for-others.ts')).prepareForTests(session, tier, this.#command),
    );
  }

  /**
   * Runs a tier: prepares everything, then runs the tests. Failed tests are not an error.
   * @throws HarnessError STALE if an image is stale and `expectFresh` is set
   */
  test(tier: Tier, { expectFresh = false, noTestCache = false, ...how }: TierOptions = {}): Promise<TestSummary> {
    const modules = import('./run/tier.ts'); // while the lock is taken
    return this.#alone(async (session) => {
      if (expectFresh) await expectFreshImages(session, this.config.images);
      const { args = [], colour = false, keepNamespaces = false } = how;
      const testCache = noTestCache ? 'off' : 'as configured';
      return (await modules).runTier(session, tier, { args, colour, keepNamespaces, testCache });
    });
  }

  /**
   * Runs `test-cached`, and repeats what is necessary whenever something changes, until the signal
   * ends it. The result of each round is an event.
   */
  async dev({ args = [], colour = false }: Pick<TierOptions, 'args' | 'colour'> = {}): Promise<never> {
    const { env, emit, signal, config } = this.#session;
    const alone = (work: (own: NodeJS.ProcessEnv) => Promise<void>) => this.#alone((session) => work(session.env));
    return (await import('./dev/develop.ts')).develop({ env, emit, signal, args, colour, alone }, config);
  }

  /** Deletes the cluster, and the images built for this project that nothing else names or uses. */
  clean(options: DownOptions = {}): Promise<Cleaned> {
    return this.#alone(async (session) => (await import('./run/down.ts')).clean(session, options));
  }

  /** Removes images that nothing needs from nodes, registry and Docker; `dryRun` only lists them. */
  prune({ dryRun = false }: { dryRun?: boolean } = {}): Promise<Pruned[]> {
    return this.#alone(async (session) => (await import('./pruning/prune.ts')).prune(session, dryRun));
  }

  /** Runs an operation that changes something, while no other harness process uses the cluster. */
  #alone<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return inSession(this.#session, (session) => exclusively(session, this.#command, () => work(session)));
  }
}

async function expectFreshImages(session: Session, images: Config['images']): Promise<void> {
  return (await import('./building/expect-fresh.ts')).expectFresh(session, images);
}
