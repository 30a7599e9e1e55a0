import { settleImages, type ImageOutcome } from '../building/settle-images.ts';
import type { RunningCluster } from '../cluster/bring-up.ts';
import type { ClusterNode } from '../cluster/cluster.ts';
import { ownCluster } from '../cluster/ownership.ts';
import type { Tier } from '../config/config.ts';
import { step } from '../core/step.ts';
import { count } from '../core/words.ts';
import { deploy } from '../deploying/deploy.ts';
import { readManifests } from '../deploying/read-manifests.ts';
import type { ManifestObject } from '../kubernetes/manifest.ts';
import { loadEverywhere, prepareLoad } from '../loading/load-image.ts';
import type { DeployedImage } from '../loading/loaded-image.ts';
import { hasReplaced } from '../loading/replacements.ts';
import type { Transport } from '../loading/transport.ts';
import { collectReplaced } from '../pruning/collect-replaced.ts';
import { bringServicesUp, type RunningService } from '../services/bring-up.ts';
import { objectsFor } from '../services/objects.ts';
import type { Session } from '../session.ts';
import type { HarnessContext } from '../testing/context.ts';
import { up } from './up.ts';

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

/** What the manifests are deployed onto. */
interface Ground {
  cluster: RunningCluster;
  images: DeployedImage[];
  services: RunningService[];
}

/**
 * Everything a tier does before tests that others run.
 * @returns what these are handed
 */
export async function prepareForOthers(session: Session, tier: Tier): Promise<HarnessContext> {
  const { context, nodes } = await prepare(session, tier);
  if (hasReplaced(session)) await collectReplaced(session, nodes);
  return context;
}

/**
 * Everything a tier does before its tests: cluster, images and services side by side, then the
 * manifests.
 * @param beforeDeploy called when what is left is mostly waiting
 */
export async function prepare(session: Session, tier: Tier, beforeDeploy?: () => void): Promise<Prepared> {
  const { config, emit } = session;
  // Before anything slow, what would make it all for nothing: a manifest that does not parse, a
  // cluster that is not ours.
  const objects = readManifests(config.manifests, config.root);
  await ownCluster(session);
  emit({ type: 'plan', steps: plannedSteps(session) });
  const ground = await layGround(session, tier);
  beforeDeploy?.();
  await deployOnto(session, ground, objects);
  const { images, services, cluster } = ground;
  return { context: contextOf(session, tier, ground), images, services, nodes: cluster.nodes, objects };
}

/**
 * Cluster, images and services, side by side: each image sets out as soon as it is built, and
 * enters the nodes as soon as they are there.
 */
async function layGround(session: Session, tier: Tier): Promise<Ground> {
  const early = Promise.withResolvers<Transport | undefined>();
  const cluster = up(session, early.resolve);
  void cluster.catch(() => undefined).then(() => early.resolve(undefined));
  const builds = [...settleImages(session, session.config.images, { tier }).values()];
  const images = builds.map((build) => loadWhenReady(session, build, early.promise, cluster, tier === 'test-kind'));
  const services = cluster.then(({ nodes }) => bringServicesUp(session, nodes));
  try {
    const [running, loaded, started] = await Promise.all([cluster, Promise.all(images), services]);
    return { cluster: running, images: loaded, services: started };
  } catch (error) {
    // A cluster that is half created or an image that is half loaded is worth finishing: the next
    // run starts from it.
    await Promise.allSettled([cluster, ...images, services, ...builds]);
    throw error;
  }
}

async function loadWhenReady(
  session: Session,
  build: Promise<ImageOutcome>,
  early: Promise<Transport | undefined>,
  cluster: Promise<RunningCluster>,
  force: boolean,
): Promise<DeployedImage> {
  const outcome = await build;
  const ahead = early.then((transport) => transport && prepareLoad(session, outcome, transport));
  try {
    const { nodes } = await cluster;
    return await loadEverywhere(session, outcome, nodes, force);
  } finally {
    await ahead;
  }
}

async function deployOnto({ config, emit, signal }: Session, ground: Ground, written: ManifestObject[]): Promise<void> {
  const { kubeconfig, startedAt } = ground.cluster;
  const objects = [...ground.services.flatMap((service) => objectsFor(service.config, service.inside)), ...written];
  await step(emit, 'deploy', 'deploying', async ({ progress }) => {
    await deploy({
      kubeconfig,
      namespace: config.namespace,
      objects,
      images: ground.images,
      startedAt,
      progress,
      signal,
    });
    return { title: `deployed ${count(objects.length, 'object')}, all running`, value: undefined };
  });
}

function contextOf({ config }: Session, tier: Tier, { cluster, services }: Ground): HarnessContext {
  const { project, namespace, stateDirectory } = config;
  return {
    kubeconfig: cluster.kubeconfig,
    namespace,
    tier,
    project,
    stateDirectory,
    images: Object.fromEntries(config.images.map((image) => [image.name, image.reference])),
    services: Object.fromEntries(services.map((service) => [service.config.name, service.outside])),
  };
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
