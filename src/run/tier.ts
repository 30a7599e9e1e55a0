import { relative } from 'node:path';
import type { Transport } from '../loading/transport.ts';
import { runTests, type TestRun } from '../testing/run-tests.ts';
import { WaitingVitest } from '../testing/preloaded-vitest.ts';
import { deploy } from '../deploying/deploy.ts';
import type { ClusterNode } from '../cluster/cluster.ts';
import type { Tier } from '../config/config.ts';
import type { HarnessContext } from '../testing/context.ts';
import { count } from '../core/words.ts';
import type { TestSummary } from '../core/summary.ts';
import { readManifests } from '../deploying/read-manifests.ts';
import type { ManifestObject } from '../kubernetes/manifest.ts';
import { objectsFor } from '../services/objects.ts';
import type { DeployedImage } from '../deploying/fill-manifest.ts';
import { step } from '../core/step.ts';
import { bringUp, type RunningCluster } from '../cluster/bring-up.ts';
import { ownCluster } from '../cluster/ownership.ts';
import { settleImages } from '../building/settle-images.ts';
import { bringOutsideUp, type RunningService } from '../services/bring-up.ts';
import { loadEverywhere, prepareLoad } from '../loading/load-image.ts';
import type { ModuleReport } from '../vitest/passed-reporter.ts';
import type { Session } from '../session.ts';
import type { TestCache } from '../testing/test-cache.ts';
import { serviceUrls } from '../testing/service-urls.ts';
import { tidyUp } from '../pruning/collect-replaced.ts';

/** What a tier has made ready. */
export interface Prepared {
  /** What the tests are handed. */
  context: HarnessContext;
  images: DeployedImage[];
  services: RunningService[];
  nodes: ClusterNode[];
  /** Those of the manifests. */
  objects: ManifestObject[];
}

/** How tests are run. */
export interface TestOptions extends Pick<TestRun, 'args' | 'colour' | 'keepNamespaces' | 'vitest'> {
  /** Whether test files are left out that passed before, when nothing changed. */
  testCache: 'as configured' | 'on' | 'off';
}

/**
 * Everything a tier does before tests that others run.
 * @returns what these are handed
 */
export async function prepareForOthers(session: Session, tier: Tier): Promise<HarnessContext> {
  const { context, nodes } = await prepare(session, tier);
  await tidyUp(session, nodes);
  return context;
}

/**
 * Everything a tier does before its tests: cluster and images side by side, each image on its way as soon as it is built, and into the nodes as
 * soon as these are there, then the manifests.
 * @param beforeDeploy called when what is left is mostly waiting
 */
export async function prepare(session: Session, tier: Tier, beforeDeploy?: () => void): Promise<Prepared> {
  const { config, emit } = session;
  const written = readManifests(config.manifests, config.root); // before anything slow: a manifest that does not parse is wrong at once
  await ownCluster(session); // and before builds that would be for nothing: a cluster that is not ours
  emit({ type: 'plan', steps: plannedSteps(session) });
  const early = Promise.withResolvers<Transport | undefined>();
  const cluster = bringUp(session, early.resolve);
  void cluster.catch(() => undefined).then(() => early.resolve(undefined));
  const images = settleImages(session, config.images, { tier });
  const deployed = [...images.values()].map(async (image) => {
    const outcome = await image;
    const ahead = early.promise.then((transport) => transport && prepareLoad(session, outcome, transport));
    try {
      const { nodes } = await cluster;
      return await loadEverywhere(session, outcome, nodes, tier === 'test-kind');
    } finally {
      await ahead;
    }
  });
  const beside = cluster.then(({ nodes }) => bringOutsideUp(session, nodes));
  const [running, loaded, services] = await allOrFirstError(cluster, deployed, beside, [...images.values()]);
  const objects = [...services.flatMap((service) => objectsFor(service.config, service.inside)), ...written];
  beforeDeploy?.();
  await step(emit, 'deploy', 'deploying', async ({ progress }) => {
    const { signal } = session;
    const { kubeconfig, startedAt } = running;
    await deploy({ kubeconfig, namespace: config.namespace, objects, images: loaded, startedAt, progress, signal });
    return { title: `deployed ${count(objects.length, 'object')}, all running`, value: undefined };
  });
  const references = Object.fromEntries(config.images.map((image) => [image.name, image.reference]));
  const addresses = Object.fromEntries(services.map(({ config: { name }, outside }) => [name, outside]));
  const { project, namespace, stateDirectory } = config;
  const { kubeconfig } = running;
  const context = { kubeconfig, namespace, tier, project, stateDirectory, images: references, services: addresses };
  return { context, images: loaded, services, nodes: running.nodes, objects: written };
}

/** Runs a tier to the end of its tests. */
export async function runTier(session: Session, tier: Tier, options: TestOptions): Promise<TestSummary> {
  const vitest = waitingVitest(session, options.colour);
  try {
    const prepared = await prepare(session, tier, () => void vitest?.load());
    return (await testPrepared(session, tier, prepared, { ...options, vitest })).summary;
  } finally {
    await vitest?.end();
  }
}

/** The vitest that will run the tests, if it is vitest that runs them. Whoever asked for it ends it. */
export function waitingVitest({ config, signal }: Session, colour: boolean): WaitingVitest | undefined {
  return config.tests.runner === 'vitest' ? new WaitingVitest(config.root, colour, signal) : undefined;
}

/**
 * Runs the tests on what was made ready.
 * @returns how they ended, and what the test files were made of, where that is known
 */
export async function testPrepared(
  session: Session,
  tier: Tier,
  prepared: Prepared,
  options: TestOptions,
): Promise<{ summary: TestSummary; modules: ModuleReport[] | undefined }> {
  const { config, emit, signal } = session;
  const { context } = prepared;
  const cache = await openCache(session, tier, options, prepared);
  let modules: ModuleReport[] | undefined;
  const learn = (reports: ModuleReport[]) => {
    modules = reports;
    cache?.learn(reports);
  };
  const over = new AbortController();
  const tidied = tidyUp(session, prepared.nodes); // beside the tests, which need not wait for it
  const tested = step(emit, 'tests', 'running the tests', async () => {
    const onLine = (line: string) => emit({ type: 'output', from: 'tests', line });
    const { args, colour, keepNamespaces, vitest } = options;
    // Tests in vitest have fixtures for that, which also know namespaces of their own.
    const env = config.tests.runner === 'command' ? await serviceUrls(context, prepared.objects, over.signal) : {};
    const seen = cache ? { cache: { unchanged: cache.unchanged, learn } } : {};
    const value = await runTests({ config, context, args, colour, keepNamespaces, env, onLine, vitest, signal, ...seen });
    const { passed, failed, skipped, unchanged = 0 } = value;
    const before = unchanged > 0 ? `; ${count(unchanged, 'file')} passed before, unchanged` : '';
    return { title: `tests: ${passed} passed, ${failed} failed, ${skipped} skipped${before}`, failed: failed > 0, value };
  });
  try {
    session.tests = await tested;
  } finally {
    over.abort();
    await tidied;
  }
  return { summary: session.tests, modules };
}

/** Not in CI, not where everything is done anyway, and not with arguments: these may say which tests to run, and how. */
async function openCache(
  session: Session,
  tier: Tier,
  { args, testCache }: TestOptions,
  prepared: Prepared,
): Promise<TestCache | undefined> {
  const { config, env, emit } = session;
  if (config.tests.runner !== 'vitest' || testCache === 'off' || args.length > 0) return undefined;
  if (testCache === 'as configured' && (!config.tests.cache.on || env['CI'] || tier === 'test-kind')) return undefined;
  const { TestCache } = await import('../testing/test-cache.ts');
  const cache = await TestCache.open(session, config.tests.cache, prepared);
  for (const { file, reason } of cache.due) {
    emit({ type: 'note', level: 'info', message: `${relative(config.root, file)} runs again (${reason})` });
  }
  return cache;
}

function plannedSteps({ config }: Session): { id: string; title: string }[] {
  return [
    { id: 'cluster', title: `cluster ${config.cluster.name}` },
    ...config.images.flatMap(({ name }) => [
      { id: `build:${name}`, title: `image ${name}` },
      { id: `load:${name}`, title: `load ${name}` },
    ]),
    ...config.services.map(({ name }) => ({ id: `service:${name}`, title: `service ${name}` })),
    { id: 'deploy', title: 'deploy' },
  ];
}

/**
 * Waits for everything, even after something failed: a cluster that is half created or an image that is half loaded is worth finishing,
 * and the next run starts from it.
 * @throws the error that came first
 */
async function allOrFirstError(
  cluster: Promise<RunningCluster>,
  images: Promise<DeployedImage>[],
  services: Promise<RunningService[]>,
  builds: Promise<unknown>[],
): Promise<[RunningCluster, DeployedImage[], RunningService[]]> {
  const everything = Promise.all([cluster, Promise.all(images), services] as const);
  try {
    return await everything;
  } catch (error) {
    await Promise.allSettled([cluster, ...images, services, ...builds]); // an image that waits for a failed cluster fails before its build ends
    throw error;
  }
}
