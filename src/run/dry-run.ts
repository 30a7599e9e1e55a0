import type { BuildDecision } from '../building/decide-build.ts';
import { settleImages } from '../building/settle-images.ts';
import type { ClusterDecision, ClusterNode, ClusterState } from '../cluster/cluster.ts';
import { currentCluster } from '../cluster/current.ts';
import { decideCluster } from '../cluster/decide-cluster.ts';
import { wantedClusterNow } from '../cluster/definition.ts';
import { loadTargets } from '../cluster/nodes.ts';
import { assertOwn } from '../cluster/ownership.ts';
import type { Tier } from '../config/config.ts';
import { stepName } from '../config/deploy-step.ts';
import { runtimeName } from '../docker/reference.ts';
import { decideLoad, type LoadDecision } from '../loading/decide-load.ts';
import { decideOther, type OtherDecision } from '../loading/decide-other.ts';
import { digestsOf } from '../loading/image-digest.ts';
import type { LoadableImage } from '../loading/loaded-image.ts';
import { imagesIn } from '../loading/node-contents.ts';
import { readManifests } from '../manifests/read-manifests.ts';
import type { Session } from '../session.ts';
import { plannedRemovals, type PlannedRemoval } from './planned-removals.ts';

/** What a tier would do. */
export interface TierPlan {
  cluster: { name: string; action: ClusterDecision['action']; reason: string };
  images: {
    verdict: BuildDecision['verdict'];
    action: BuildDecision['action'] | OtherDecision['action'];
    reason: string;
    image: string;
    changed: BuildDecision['changes'];
  }[];
  loads: { image: string; node: string; action: LoadDecision['action']; reason: string }[];
  /** How many objects the manifests describe. */
  objects: number;
  /** What comes after them, in order. */
  steps: { place: string; name: string }[];
  /** What left the manifests. */
  removals: PlannedRemoval[];
}

/**
 * What a tier would do now. Changes nothing.
 * @throws HarnessError CLUSTER_FOREIGN, CONFIG and any other error that would stop the tier at its
 * start
 */
export async function dryRun(session: Session, tier: Tier): Promise<TierPlan> {
  const { config, engine } = session;
  const objects = readManifests(config.manifests, config.root, { namespace: config.namespace });
  const state = await currentCluster(engine, config);
  await assertOwn(session, state);
  const wanted = await wantedClusterNow(session);
  const { action, reason } = wanted ? decideCluster(state, wanted) : withoutNodeImage(state);
  const outcomes = await Promise.all((await settleImages(session, config.images, { tier, lookOnly: true })).values());
  const others = await Promise.all(
    config.others.map(async (image) => {
      const built = await engine.image(image.reference);
      return { image, built, decision: { ...decideOther(built), changes: [] } };
    }),
  );
  const all = [...outcomes, ...others];
  const nodes = action === 'use' ? loadTargets(state.nodes) : [];
  return {
    cluster: { name: config.cluster.name, action, reason },
    images: all.map(({ image, decision: { changes, ...rest } }) => ({
      image: image.name,
      ...rest,
      changed: changes,
    })),
    loads: await Promise.all(all.flatMap((each) => nodes.map((node) => loadOf(session, each, node, tier)))),
    objects: objects.length,
    steps: config.deploy.steps.map((step) => ({ place: step.place, name: stepName(step) })),
    removals: action === 'use' ? await plannedRemovals(session, objects) : [],
  };
}

function withoutNodeImage({ nodes }: ClusterState): ClusterDecision {
  const reason = 'its node image is missing and must be pulled or built first';
  return { action: nodes.length === 0 ? 'create' : 'recreate', reason };
}

async function loadOf(
  session: Session,
  { image, decision, built }: LoadableImage & { decision: { action: string } },
  node: ClusterNode,
  tier: Tier,
): Promise<TierPlan['loads'][number]> {
  const common = { image: image.name, node: node.name };
  if (decision.action !== 'skip') return { ...common, action: 'transfer', reason: 'the image will change' };
  const facts = {
    digest: built && digestsOf(session).of(built),
    layers: built?.layers ?? [],
    name: runtimeName(image.reference),
    present: await imagesIn(session, node),
    force: tier === 'test-kind',
  };
  const { action, reason } = decideLoad(facts);
  return { ...common, action, reason };
}
