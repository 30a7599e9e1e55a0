import type { V1Pod } from '@kubernetes/client-node';
import type { ClusterNode } from '../cluster/cluster.ts';
import { kubeconfigPath } from '../cluster/current.ts';
import { loadTargets } from '../cluster/nodes.ts';
import { ownCluster } from '../cluster/ownership.ts';
import { nodeHoldings, nodeSnapshots } from '../containerd/holdings.ts';
import { step } from '../core/step.ts';
import { count, dataSize } from '../core/words.ts';
import { runtimeName } from '../docker/reference.ts';
import { openAccess } from '../kubernetes/access.ts';
import { kubeList } from '../kubernetes/api.ts';
import { runningRegistry, storedImages } from '../registry/bring-up.ts';
import type { Session } from '../session.ts';
import { reportKept } from './clean-images.ts';
import { decideDockerPrune, decideNodePrune, decideStoredPrune, freedBytes } from './decide-prune.ts';
import { dockerHoldings } from './docker-holdings.ts';
import { removeLeftovers } from './leftovers.ts';
import type { Pruned } from './pruned.ts';
import { pruneDocker, pruneNode, pruneRegistry } from './remove.ts';

/** What to remove from one place. */
interface PrunePlan {
  pruned: Pruned[];
  /** @returns what was removed */
  remove: () => Promise<Pruned[]>;
}

/**
 * Removes images that this harness put into nodes, registry and Docker and that are neither
 * configured nor used.
 * @param dryRun only list them
 * @throws HarnessError CLUSTER_FOREIGN
 */
export async function prune(session: Session, dryRun: boolean): Promise<Pruned[]> {
  const { config, emit } = session;
  const { nodes } = await ownCluster(session);
  const running = loadTargets(nodes).filter((node) => node.running);
  if (running.length < loadTargets(nodes).length) {
    emit({ type: 'note', level: 'warning', message: 'not pruning nodes that are not running' });
  }
  const inPods = await imagesOfPods(session, running);
  const work = async () => {
    const plans = await Promise.all([
      ...running.map((node) => planNode(session, node, inPods)),
      planRegistry(session),
      planDocker(session),
    ]);
    return (dryRun ? plans.map(({ pruned }) => pruned) : await Promise.all(plans.map(({ remove }) => remove()))).flat();
  };
  if (dryRun) return work();
  return step(emit, 'prune', `cluster ${config.cluster.name}: removing unused images`, async () => {
    const value = await work();
    await removeLeftovers(session);
    const bytes = value.reduce((sum, pruned) => sum + pruned.bytes, 0);
    const title =
      value.length === 0 ? 'nothing to remove' : `${count(value.length, 'image')} removed, ${dataSize(bytes)}`;
    return { title, skipped: value.length === 0, value };
  });
}

/**
 * The images in the specs of all pods, including pods without containers yet; undefined if the API
 * server cannot be reached.
 */
async function imagesOfPods({ config }: Session, running: readonly ClusterNode[]): Promise<Set<string> | undefined> {
  if (running.length === 0) return undefined;
  try {
    const { items } = await kubeList<V1Pod>(await openAccess(kubeconfigPath(config)), '/api/v1/pods');
    const containers = items.flatMap(({ spec }) => [
      ...(spec?.initContainers ?? []),
      ...(spec?.containers ?? []),
      ...(spec?.ephemeralContainers ?? []),
    ]);
    return new Set(containers.flatMap(({ image }) => (image === undefined ? [] : runtimeName(image))));
  } catch {
    return undefined; // no kubeconfig, or no answer: then only images without a name are removed from nodes
  }
}

async function planNode(
  { engine, config }: Session,
  { name: node }: ClusterNode,
  inPods: Set<string> | undefined,
): Promise<PrunePlan> {
  const [holdings, snapshots] = await Promise.all([nodeHoldings(engine, node), nodeSnapshots(engine, node)]);
  const wanted = inPods && new Set([...configured(config).map(({ reference }) => runtimeName(reference)), ...inPods]);
  const removals = decideNodePrune(holdings, wanted);
  const removedIds = new Set(removals.flatMap(({ id, whole }) => (whole ? [id] : [])));
  const removed = holdings.images.filter(({ id }) => removedIds.has(id));
  const kept = holdings.images.filter(({ id }) => !removedIds.has(id));
  const freed = freedBytes(snapshots, removed, kept);
  const pruned = removals.map(({ id, names, reason }) => ({
    place: `node ${node}`,
    image: names.join(', ') || id,
    reason,
    bytes: freed.get(id) ?? 0,
  }));
  return { pruned, remove: () => pruneNode(engine, node, removals).then(() => pruned) };
}

async function planRegistry(session: Session): Promise<PrunePlan> {
  const { engine, config } = session;
  const registry = await runningRegistry(session);
  if (!registry) return { pruned: [], remove: () => Promise.resolve([]) };
  const [stored, current] = await Promise.all([storedImages(session, registry), currentImages(session)]);
  const wanted = new Set(configured(config).map(({ name }) => current.get(name)?.replace(/^\w+:/, '')));
  const removals = decideStoredPrune(stored, ({ tag }) => !wanted.has(tag));
  const reason = 'not the current image of a configured name';
  const pruned = removals.map(({ tag, bytes }) => ({ place: 'registry', image: `sha256:${tag}`, reason, bytes }));
  return { pruned, remove: () => pruneRegistry(engine, registry, removals).then(() => pruned) };
}

async function planDocker(session: Session): Promise<PrunePlan> {
  const { engine, config } = session;
  const [{ images, foreignPorts }, current] = await Promise.all([dockerHoldings(session), currentImages(session)]);
  const sizes = new Map(images.map(({ id, bytes }) => [id, bytes]));
  const decision = decideDockerPrune(images, { project: config.project, current, foreignPorts });
  reportKept(session, decision.kept);
  const removals = decision.removals.map((removal) => {
    const { id, names, reason, whole } = removal;
    const bytes = whole ? (sizes.get(id) ?? 0) : 0;
    return { removal, pruned: { place: 'Docker', image: names.join(', ') || id, reason, bytes } };
  });
  const remove = async () => {
    const removed: Pruned[] = [];
    for (const { removal, pruned } of removals) {
      const refusal = await pruneDocker(engine, removal);
      if (refusal === undefined) removed.push(pruned);
      else reportKept(session, [{ image: pruned.image, reason: `Docker did not remove it: ${refusal}` }]);
    }
    return removed;
  };
  return { pruned: removals.map(({ pruned }) => pruned), remove };
}

/** The engine's id of each configured image, by its name. */
async function currentImages({ engine, config }: Session): Promise<Map<string, string | undefined>> {
  const ids = configured(config).map(
    async ({ name, reference }) => [name, (await engine.image(reference))?.id] as const,
  );
  return new Map(await Promise.all(ids));
}

/** All images, whoever has built them. */
function configured({ images, others }: Session['config']): { name: string; reference: string }[] {
  return [...images, ...others];
}
