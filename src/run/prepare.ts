import { settleImages } from '../building/settle-images.ts';
import { waitForTests } from '../claims/wait-for-tests.ts';
import type { RunningCluster } from '../cluster/bring-up.ts';
import type { ClusterNode } from '../cluster/cluster.ts';
import { ownCluster } from '../cluster/ownership.ts';
import type { Tier } from '../config/config.ts';
import { stepName } from '../config/deploy-step.ts';
import { step } from '../core/step.ts';
import { count } from '../core/words.ts';
import { deployGeneration } from '../deploying/deploy.ts';
import { withSteps, type Deployed } from '../deploying/judge-current.ts';
import { sharedDeployment } from '../deploying/shared-deployment.ts';
import { canonicalName } from '../docker/reference.ts';
import { basesOf } from '../freshness/base-references.ts';
import type { ManifestObject } from '../kubernetes/manifest.ts';
import { secretsAmong, secretValues } from '../kubernetes/redact.ts';
import { loadEverywhere, prepareLoad } from '../loading/load-image.ts';
import type { DeployedImage, LoadableImage } from '../loading/loaded-image.ts';
import { obtainOther } from '../loading/obtain-other.ts';
import type { Transport } from '../loading/transport.ts';
import { unnamedImages } from '../manifests/fill-manifest.ts';
import { readManifests } from '../manifests/read-manifests.ts';
import type { DeployedStep } from '../rendering/deploy-steps.ts';
import { bringServicesUp, type RunningService } from '../services/bring-up.ts';
import { objectsFor } from '../services/objects.ts';
import type { Session } from '../session.ts';
import type { HarnessContext } from '../testing/context.ts';
import { up } from './up.ts';

/** What a tier has prepared for its tests. */
export interface Prepared {
  /** What is passed to the tests. */
  context: HarnessContext;
  images: DeployedImage[];
  services: RunningService[];
  /** The digest of everything that the cluster was created from. */
  clusterDefinition: string;
  nodes: ClusterNode[];
  /** The objects in the manifests. */
  objects: ManifestObject[];
  /** What was deployed besides the manifests. */
  steps: DeployedStep[];
  /** What the tests must find. */
  deployed: Deployed;
}

/** What must be running before the manifests are deployed. */
interface Environment {
  cluster: RunningCluster;
  images: DeployedImage[];
  services: RunningService[];
}

/**
 * Does everything that a tier does before its tests: brings up cluster, images and services in
 * parallel, then deploys the manifests.
 * @param beforeDeploy called before the deployment, which is mostly waiting
 */
export async function prepare(session: Session, tier: Tier, beforeDeploy?: () => void): Promise<Prepared> {
  const { config, emit } = session;
  // First the checks that can stop the run: invalid manifests, and a cluster that is not ours.
  const objects = readManifests(config.manifests, config.root, {
    namespace: config.namespace,
    note: (message) => emit({ type: 'note', level: 'info', message }),
  });
  secretValues(secretsAmong(objects.map(({ object }) => object))).forEach((value) => session.redactor.learn(value));
  await ownCluster(session);
  emit({ type: 'plan', steps: plannedSteps(session) });
  const environment = await bringEnvironmentUp(session, tier);
  beforeDeploy?.();
  await noteUnnamed(session, objects);
  const fromManifests = await deployManifests(session, environment, objects);
  // Loaded only when needed: start-up time counts.
  const steps =
    config.deploy.steps.length === 0
      ? []
      : await (
          await import('../rendering/deploy-steps.ts')
        ).deploySteps(session, { ...environment, generation: fromManifests.generation });
  // What left the manifests; without steps it was removed before the wait for the rollout.
  if (steps.length > 0) await (await sharedDeployment(session, environment.cluster.kubeconfig)).run.finish();
  const { images, services, cluster } = environment;
  const { definition: clusterDefinition, nodes } = cluster;
  const context = contextOf(session, tier, environment);
  const deployed = withSteps(fromManifests, steps);
  return { context, images, services, clusterDefinition, nodes, objects, steps, deployed };
}

/**
 * Brings up cluster, images and services in parallel. Each image is sent as soon as it is built,
 * and loaded as soon as the nodes are ready.
 */
async function bringEnvironmentUp(session: Session, tier: Tier): Promise<Environment> {
  const transport = Promise.withResolvers<Transport | undefined>();
  // First, because it throws if the images are built from each other or a Dockerfile cannot be read.
  const builds = [...(await settleImages(session, session.config.images, { tier })).values()];
  const cluster = up(session, transport.resolve);
  void cluster.catch(() => undefined).then(() => transport.resolve(undefined));
  const others = session.config.others.map((image) => obtainOther(session, image));
  others.forEach((other) => void other.catch(() => undefined)); // whoever loads it sees the error
  const images = [...builds, ...others].map((image) =>
    loadWhenReady(session, image, transport.promise, cluster, tier === 'test-kind'),
  );
  const services = cluster.then(({ nodes }) => bringServicesUp(session, nodes));
  try {
    const [running, loaded, started] = await Promise.all([cluster, Promise.all(images), services]);
    return { cluster: running, images: loaded, services: started };
  } catch (error) {
    // What has been started is finished, so that the next run can use it.
    await Promise.allSettled([cluster, ...images, services, ...builds]);
    throw error;
  }
}

async function loadWhenReady(
  session: Session,
  image: Promise<LoadableImage>,
  earlyTransport: Promise<Transport | undefined>,
  cluster: Promise<RunningCluster>,
  force: boolean,
): Promise<DeployedImage> {
  const outcome = await image;
  const earlyPush = earlyTransport.then((transport) => transport && prepareLoad(session, outcome, transport));
  try {
    const { nodes } = await cluster;
    return await loadEverywhere(session, outcome, nodes, force);
  } finally {
    await earlyPush;
  }
}

/** An image that nothing uses is often a misspelt one. Steps can name images in their own ways. */
async function noteUnnamed({ config, env, emit, engine }: Session, objects: readonly ManifestObject[]): Promise<void> {
  if (config.manifests.length === 0 || config.deploy.steps.length > 0) return;
  const unnamed = unnamedImages(
    objects.map(({ object }) => object),
    [...config.images, ...config.others],
    config.deploy.imageFields,
  );
  if (unnamed.length === 0) return;
  const surroundings = { env, platform: await engine.platform() };
  const bases = config.images
    .flatMap((image) => basesOf(image, config.stateDirectory, surroundings))
    .map(canonicalName);
  for (const { name, reference } of [...config.images, ...config.others])
    if (unnamed.includes(name) && !bases.includes(canonicalName(reference)))
      emit({ type: 'note', level: 'info', message: `image ${name} is in no manifest` });
}

async function deployManifests(
  session: Session,
  { cluster, images, services }: Environment,
  manifestObjects: ManifestObject[],
): Promise<Deployed> {
  const { config, emit, signal } = session;
  const { namespace } = config;
  const { kubeconfig, startedAt } = cluster;
  const serviceObjects = services.flatMap((service) => objectsFor(service.config, service.inside));
  const objects = [...serviceObjects, ...manifestObjects];
  return step(emit, 'deploy', 'deploying', async ({ progress }) => {
    const { imageFields } = config.deploy;
    const { deploy: timeout } = config.timeouts;
    const shared = await sharedDeployment(session, kubeconfig);
    const isLast = config.deploy.steps.length === 0;
    const settings = { kubeconfig, namespace, objects, images, imageFields, startedAt, timeout, progress, signal };
    const deployment = { ...settings, shared, isLast };
    const value = await deployGeneration(deployment, config.root, (content) =>
      waitForTests(session, kubeconfig, { what: 'deployment', namespace, content }),
    );
    return { title: `deployed ${count(objects.length, 'object')}, all running`, value };
  });
}

function contextOf({ config }: Session, tier: Tier, { cluster, services }: Environment): HarnessContext {
  const { project, namespace, stateDirectory } = config;
  return {
    kubeconfig: cluster.kubeconfig,
    namespace,
    tier,
    project,
    stateDirectory,
    images: Object.fromEntries([...config.images, ...config.others].map(({ name, reference }) => [name, reference])),
    imageFields: config.deploy.imageFields,
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
    ...config.others.map(({ name }) => ({ id: `load:${name}`, title: `load ${name}` })),
    ...config.services.map(({ name }) => ({ id: `service:${name}`, title: `service ${name}` })),
    { id: 'deploy', title: 'deploy' },
    ...config.deploy.steps.map((step, index) => ({ id: `deploy:${index}`, title: `deploy ${stepName(step)}` })),
  ];
}
