import { waitForTests } from '../claims/wait-for-tests.ts';
import type { ClusterNode } from '../cluster/cluster.ts';
import { kubeconfigPath } from '../cluster/current.ts';
import { loadTargets } from '../cluster/nodes.ts';
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
import type { DeployedImage, LoadableImage } from './loaded-image.ts';
import { forgetImagesIn, imagesIn } from './node-contents.ts';
import { noteReplacement } from './replacements.ts';
import type { TransferResult, Transport } from './transport.ts';

/**
 * Loads an image into every node that lacks it, all nodes at once.
 * @param force load it into all nodes
 * @returns the image as manifests refer to it
 * @throws HarnessError LOAD
 */
export async function loadEverywhere(
  session: Session,
  outcome: LoadableImage,
  nodes: readonly ClusterNode[],
  force: boolean,
): Promise<DeployedImage> {
  const { image, built } = outcome;
  if (!built) {
    throw new HarnessError('LOAD', `The image ${image.name} (${image.reference}) does not exist.`, {
      next: `Run \`harness build-if-needed ${image.name}\` first.`,
    });
  }
  const elapsed = stopwatch();
  const plans = await Promise.all(loadTargets(nodes).map((node) => planLoad(session, image, built, node, force)));
  const deployed = (loads: LoadedNode[]) => ({
    name: image.name,
    reference: image.reference,
    digest: digestFrom(session, image, built, loads),
  });
  const needed = plans.filter(({ decision }) => decision.action !== 'skip');
  if (needed.length === 0) {
    const loads = await Promise.all(plans.map((plan) => carryOut(session, image, built, plan)));
    const title = `image ${image.name} is already in ${nodeNames(plans)}, skipping load`;
    session.emit({ type: 'step', id: `load:${image.name}`, state: 'skipped', title, ms: elapsed() });
    return deployed(loads);
  }
  const reasons = [...new Set(needed.map(({ decision }) => decision.reason))];
  return step(session.emit, `load:${image.name}`, `image ${image.name}: loading (${reasons.join('; ')})`, async () => {
    if (needed.some(({ decision }) => decision.verdict === 'stale')) {
      // A pod that restarts would run the new image.
      const { reference } = image;
      await waitForTests(session, kubeconfigPath(session.config), { what: 'image', reference });
      noteReplacement(session);
    }
    const transfers = await startTransfers(session, image, built, plans, nodes);
    const loads = await allSettledOrThrow(
      plans.map((plan) => carryOut(session, image, built, plan, transfers.get(plan.node.name))),
    );
    const results = loads.map(({ node, summary }) => `node ${node} (${summary})`);
    return { title: `image ${image.name} loaded into ${results.join(', ')}`, value: deployed(loads) };
  });
}

/**
 * Does the part of a load that needs no nodes, while the cluster is still being created. Its errors
 * are ignored: the load tries again.
 */
export async function prepareLoad(
  { signal }: Session,
  { image, built }: LoadableImage,
  transport: Transport,
): Promise<void> {
  if (!built) return;
  const name = runtimeName(image.reference);
  await transport.prepare?.({ reference: image.reference, name, image: built }, signal).catch(() => undefined);
}

/** Waits until all have ended, then throws the first error: no transfer continues after that. */
export async function allSettledOrThrow<T>(loads: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(loads);
  return Promise.all(loads);
}

/** Starts to send the image to all nodes that need a transfer. */
async function startTransfers(
  session: Session,
  image: LoadableImage['image'],
  built: DockerImage,
  plans: readonly NodePlan[],
  nodes: readonly ClusterNode[],
): Promise<Map<string, Promise<TransferResult>>> {
  session.signal.throwIfAborted();
  const targets = plans
    .filter(({ decision }) => decision.action === 'transfer')
    .map(({ node, unpacked }) => ({ node: node.name, unpacked }));
  if (targets.length === 0) return new Map();
  const transport = await transportFor(session, nodes);
  const name = runtimeName(image.reference);
  return transport.send({ reference: image.reference, name, image: built }, targets, session.signal);
}

/** What must be done in one node. */
interface NodePlan {
  node: ClusterNode;
  /** The full name that the image gets in the node. */
  name: string;
  digest: string | undefined;
  decision: LoadDecision;
  /** A name of the same image in the node; the runtime always has one for the digest. */
  from: string | undefined;
  unpacked: ReadonlySet<string> | undefined;
}

interface LoadedNode {
  node: string;
  /** The image's id in the node. */
  id: string | undefined;
  /** For the title of the step. */
  summary: string;
}

async function planLoad(
  session: Session,
  image: LoadableImage['image'],
  built: DockerImage,
  node: ClusterNode,
  force: boolean,
): Promise<NodePlan> {
  const name = runtimeName(image.reference);
  const digest = digestsOf(session).of(built);
  const present = await imagesIn(session, node);
  const decision = decideLoad({ digest, layers: built.layers, name, present, force });
  const from = present.images.find((known) => known.id === digest)?.names[0] ?? digest;
  return { node, name, digest, decision, from, unpacked: present.unpacked };
}

/** @param transfer of the image to this node, if it needs one */
async function carryOut(
  session: Session,
  image: LoadableImage['image'],
  built: DockerImage,
  { node, name, digest, decision, from }: NodePlan,
  transfer?: Promise<TransferResult>,
): Promise<LoadedNode> {
  const elapsed = stopwatch();
  const report = (verdict: LoadSummary['verdict'], { bytes, pushed }: Pick<TransferResult, 'bytes' | 'pushed'>) => {
    session.loads.push({
      image: image.name,
      node: node.name,
      verdict,
      bytes,
      ...(pushed === undefined ? {} : { pushed }),
      ms: elapsed(),
    });
  };
  if (decision.action === 'skip') {
    report('present', { bytes: 0 });
    return { node: node.name, id: digest, summary: 'already there' };
  }
  const { engine } = session;
  try {
    const sent = await transfer;
    if (decision.action === 'tag') await tagInNode(engine, node.name, from ?? name, { id: digest ?? '', name });
    const expected = { node: node.name, name, digest: sent?.digest ?? digest, layers: built.layers };
    const { id } = await confirmLoaded(engine, expected, sent?.content);
    if (sent && !sent.isRecorded) await noteLoad(engine, node.name, { id, name });
    // Only from the transfer: the node's entry may still be that of an earlier image.
    if (sent?.digest !== undefined) digestsOf(session).learn(built, sent.digest);
    report(sent ? 'transferred' : 'tagged', sent ?? { bytes: 0 });
    const summary = sent ? `${dataSize(sent.bytes)} of ${dataSize(sent.total)}` : 'only tagged';
    return { node: node.name, id, summary };
  } catch (error) {
    report('failed', { bytes: 0 });
    throw error;
  } finally {
    forgetImagesIn(session, node);
  }
}

function digestFrom(session: Session, image: LoadableImage['image'], built: DockerImage, loads: LoadedNode[]): string {
  const digest = digestsOf(session).of(built) ?? loads[0]?.id;
  if (digest === undefined) throw new HarnessError('LOAD', `The cluster has no node to load ${image.name} into.`);
  return digest;
}

function nodeNames(plans: readonly NodePlan[]): string {
  return plans.length === 1 ? `node ${plans[0]?.node.name}` : `${plans.length} nodes`;
}
