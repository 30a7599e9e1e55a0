import { runTests } from '../act/test.ts';
import { deploy } from '../act/deploy.ts';
import type { ClusterNode } from '../model/cluster.ts';
import type { Tier } from '../model/config.ts';
import type { HarnessContext } from '../model/context.ts';
import { count } from '../model/words.ts';
import type { TestSummary } from '../model/summary.ts';
import { readManifests } from '../observe/manifests.ts';
import type { DeployedImage } from '../plan/manifests.ts';
import { step } from '../report/step.ts';
import { bringUp, type RunningCluster } from './cluster.ts';
import { ownCluster } from './own-cluster.ts';
import { settleImages } from './images.ts';
import { loadEverywhere } from './loads.ts';
import type { Session } from './session.ts';
import { tidyUp } from './tidy.ts';

/**
 * Everything a tier does before its tests.
 * @returns what the tests are handed
 */
export async function prepare(session: Session, tier: Tier): Promise<HarnessContext> {
  const { context, nodes } = await bringAbout(session, tier);
  await tidyUp(session, nodes);
  return context;
}

/** Cluster and images side by side, each image into the nodes as soon as both are there, then the manifests. */
async function bringAbout(session: Session, tier: Tier): Promise<{ context: HarnessContext; nodes: ClusterNode[] }> {
  const { config, emit } = session;
  const objects = readManifests(config.manifests, config.root); // before anything slow: a manifest that does not parse is wrong at once
  await ownCluster(session); // and before builds that would be for nothing: a cluster that is not ours
  emit({ type: 'plan', steps: plannedSteps(session) });
  const cluster = bringUp(session);
  const images = settleImages(session, config.images, { tier });
  const deployed = [...images.values()].map(async (image) => {
    const [outcome, { nodes }] = await Promise.all([image, cluster]);
    return loadEverywhere(session, outcome, nodes, tier === 'test-kind');
  });
  const [running, loaded] = await allOrFirstError(cluster, deployed, [...images.values()]);
  await step(emit, 'deploy', 'deploying', async ({ progress }) => {
    const { signal } = session;
    const { kubeconfig, startedAt } = running;
    await deploy({ kubeconfig, namespace: config.namespace, objects, images: loaded, startedAt, progress, signal });
    return { title: `deployed ${count(objects.length, 'object')}, all running`, value: undefined };
  });
  const references = Object.fromEntries(config.images.map((image) => [image.name, image.reference]));
  return { context: { kubeconfig: running.kubeconfig, namespace: config.namespace, tier, images: references }, nodes: running.nodes };
}

/** Runs a tier to the end of its tests. */
export async function runTier(session: Session, tier: Tier, args: string[], colour: boolean): Promise<TestSummary> {
  const { context, nodes } = await bringAbout(session, tier);
  const tidied = tidyUp(session, nodes); // beside the tests, which need not wait for it
  const { config, emit, signal } = session;
  try {
    session.tests = await step(emit, 'tests', 'running the tests', async () => {
      const onLine = (line: string) => emit({ type: 'output', from: 'tests', line });
      const value = await runTests({ config, context, args, colour, onLine, signal });
      return { title: `tests: ${value.passed} passed, ${value.failed} failed, ${value.skipped} skipped`, failed: value.failed > 0, value };
    });
  } finally {
    await tidied;
  }
  return session.tests;
}

function plannedSteps({ config }: Session): { id: string; title: string }[] {
  return [
    { id: 'cluster', title: `cluster ${config.cluster.name}` },
    ...config.images.flatMap(({ name }) => [
      { id: `build:${name}`, title: `image ${name}` },
      { id: `load:${name}`, title: `load ${name}` },
    ]),
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
  builds: Promise<unknown>[],
): Promise<[RunningCluster, DeployedImage[]]> {
  const everything = Promise.all([cluster, Promise.all(images)] as const);
  try {
    return await everything;
  } catch (error) {
    await Promise.allSettled([cluster, ...images, ...builds]); // an image that waits for a failed cluster fails before its build ends
    throw error;
  }
}
