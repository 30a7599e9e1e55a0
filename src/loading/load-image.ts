import type { ImageOutcome } from '../building/settle-images.ts';
import type { ClusterNode } from '../cluster/cluster.ts';
import { loadTargets } from '../cluster/nodes.ts';
import type { ImageConfig } from '../config/config.ts';
import { confirmLoaded, noteLoad, tagInNode } from '../containerd/images.ts';
import { HarnessError } from '../core/error.ts';
import { step } from '../core/step.ts';
import { stopwatch } from '../core/stopwatch.ts';
import type { LoadSummary } from '../core/summary.ts';
import { dataSize } from '../core/words.ts';
import type { DockerImage } from '../docker/engine.ts';
import { runtimeName } from '../docker/reference.ts';
import type { Session } from '../session.ts';
import { transportFor } from './choose-transport.ts';
import { decideLoad, type LoadDecision } from './decide-load.ts';
import { digestsOf } from './image-digest.ts';
import type { DeployedImage } from './loaded-image.ts';
import { imagesIn } from './node-contents.ts';
import { noteReplacement } from './replacements.ts';
import type { Delivery, Transport } from './transport.ts';

/**
 * Brings an image into every node that lacks it, all nodes at once.
 * @returns the image as manifests refer to it
 * @throws HarnessError LOAD
 */
export async function loadEverywhere(
  session: Session,
  outcome: ImageOutcome,
  nodes: readonly ClusterNode[],
  force: boolean,
): Promise<DeployedImage> {
  const { image, built } = outcome;
  if (!built) {
    throw new HarnessError('LOAD', `The image ${image.name} (${image.reference}) does not exist.`, {
      next: `Build it first: \`harness build-if-needed ${image.name}\`.`,
    });
  }
  const elapsed = stopwatch();
  const due = await Promise.all(loadTargets(nodes).map((node) => decideFor(session, image, built, node, force)));
  const sum = (loads: LoadResult[]) => ({
    name: image.name,
    reference: image.reference,
    digest: digestFrom(session, image, built, loads),
  });
  if (due.every(({ decision }) => decision.action === 'skip')) {
    const loads = await Promise.all(due.map((load) => carryOut(session, image, built, load)));
    const title = `image ${image.name} is in ${nodesInWords(due)} already, skipping load`;
    session.emit({ type: 'step', id: `load:${image.name}`, state: 'skipped', title, ms: elapsed() });
    return sum(loads);
  }
  const reasons = [
    ...new Set(due.filter(({ decision }) => decision.action !== 'skip').map(({ decision }) => decision.reason)),
  ];
  return step(session.emit, `load:${image.name}`, `image ${image.name}: loading (${reasons.join('; ')})`, async () => {
    if (due.some(({ decision }) => decision.action !== 'skip' && decision.verdict === 'stale'))
      noteReplacement(session);
    const deliveries = await sendOut(session, image, built, due, nodes);
    const loads = await allOfThem(due.map((load) => carryOut(session, image, built, load, deliveries.get(load.node))));
    const title = `image ${image.name} loaded into ${loads.map(({ node, words }) => `node ${node} (${words})`).join(', ')}`;
    return { title, value: sum(loads) };
  });
}

/**
 * Does what can be done of a load while the cluster that it is for is still being created. Nothing
 * depends on it: what fails here fails again in the load, or does not.
 */
export async function prepareLoad(
  { signal }: Session,
  { image, built }: ImageOutcome,
  transport: Transport,
): Promise<void> {
  if (!built) return;
  const name = runtimeName(image.reference);
  await transport.prepare?.({ reference: image.reference, name, image: built }, signal).catch(() => undefined);
}

/**
 * Waits for all, also when one has failed: what is on its way into a node ends before anything else
 * is done.
 */
export async function allOfThem<T>(works: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(works);
  return Promise.all(works);
}

/** Sends the image to the nodes that lack it, all at once. */
async function sendOut(
  session: Session,
  image: ImageConfig,
  built: DockerImage,
  due: readonly DueLoad[],
  nodes: readonly ClusterNode[],
): Promise<Map<string, Promise<Delivery>>> {
  const lacking = due.filter(({ decision }) => decision.action === 'transfer');
  const [first] = lacking;
  session.signal.throwIfAborted();
  if (!first) return new Map();
  const transport = await transportFor(session, nodes);
  return transport.send({ reference: image.reference, name: first.name, image: built }, lacking, session.signal);
}

interface DueLoad {
  node: string;
  /** As the node shall know it, in full. */
  name: string;
  digest: string | undefined;
  decision: LoadDecision;
  /** A name that the node knows the same image by; its runtime always has one for the digest. */
  from: string | undefined;
  unpacked?: ReadonlySet<string>;
}

interface LoadResult {
  node: string;
  /** The image's id in the node. */
  id: string | undefined;
  words: string;
}

async function decideFor(
  session: Session,
  image: ImageConfig,
  built: DockerImage,
  node: ClusterNode,
  force: boolean,
): Promise<DueLoad> {
  const name = runtimeName(image.reference);
  const digest = digestsOf(session).of(built);
  const present = await imagesIn(session, node);
  const decision = decideLoad({ digest, layers: built.layers, name, present, force });
  const from = present.images.find((known) => known.id === digest)?.names[0] ?? digest;
  return { node: node.name, name, digest, decision, from, ...(present.unpacked ? { unpacked: present.unpacked } : {}) };
}

/** @param delivery of the image to this node, where one is due */
async function carryOut(
  session: Session,
  image: ImageConfig,
  built: DockerImage,
  load: DueLoad,
  delivery?: Promise<Delivery>,
): Promise<LoadResult> {
  const { node, name, digest, decision } = load;
  const elapsed = stopwatch();
  const note = (verdict: LoadSummary['verdict'], { bytes, pushed }: Pick<Delivery, 'bytes' | 'pushed'>) => {
    session.loads.push({
      image: image.name,
      node,
      verdict,
      bytes,
      ...(pushed === undefined ? {} : { pushed }),
      ms: elapsed(),
    });
  };
  if (decision.action === 'skip') {
    note('present', { bytes: 0 });
    return { node, id: digest, words: 'there already' };
  }
  try {
    const travelled = await delivery;
    const order = { node, name, digest: travelled?.digest ?? digest, layers: built.layers };
    if (decision.action === 'tag') await tagInNode(session.engine, node, load.from ?? name, { id: digest ?? '', name });
    const { id } = await confirmLoaded(session.engine, order, travelled?.content);
    if (travelled && !travelled.isNoted) await noteLoad(session.engine, node, { id, name });
    // Only what the transfer itself told: what a node lists may be of an earlier image.
    if (travelled?.digest !== undefined) digestsOf(session).learn(built, travelled.digest);
    note(travelled ? 'transferred' : 'tagged', travelled ?? { bytes: 0 });
    return {
      node,
      id,
      words: travelled ? `${dataSize(travelled.bytes)} of ${dataSize(travelled.total)}` : 'only the name',
    };
  } catch (error) {
    note('failed', { bytes: 0 });
    throw error;
  }
}

function digestFrom(session: Session, image: ImageConfig, built: DockerImage, loads: LoadResult[]): string {
  const digest = digestsOf(session).of(built) ?? loads[0]?.id;
  if (digest === undefined) throw new HarnessError('LOAD', `The cluster has no node to load ${image.name} into.`);
  return digest;
}

function nodesInWords(due: DueLoad[]): string {
  return due.length === 1 ? `node ${due[0]?.node}` : `${due.length} nodes`;
}
