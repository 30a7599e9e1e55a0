import { archiveTransport, loadImage } from '../act/load.ts';
import type { DockerImage } from '../drivers/docker.ts';
import type { ClusterNode } from '../model/cluster.ts';
import { HarnessError } from '../model/error.ts';
import type { ImageConfig } from '../model/config.ts';
import type { LoadDecision } from '../model/image.ts';
import type { LoadSummary } from '../model/summary.ts';
import { megabytes } from '../model/words.ts';
import { canonicalName } from '../model/reference.ts';
import { decideLoad } from '../plan/load.ts';
import type { DeployedImage } from '../plan/manifests.ts';
import { step } from '../report/step.ts';
import type { ImageOutcome } from './images.ts';
import { imagesIn, loadTargets } from './node-contents.ts';
import type { Session } from './session.ts';

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
  const start = performance.now();
  const due = await Promise.all(loadTargets(nodes).map((node) => decideFor(session, image, built, node.name, force)));
  const sum = (loads: LoadResult[]) => ({ name: image.name, reference: image.reference, digest: digestFrom(session, image, built, loads) });
  if (due.every(({ decision }) => decision.action === 'skip')) {
    const loads = await Promise.all(due.map((load) => carryOut(session, image, built, load)));
    const title = `image ${image.name} is in ${nodesInWords(due)} already, skipping load`;
    session.emit({ type: 'step', id: `load:${image.name}`, state: 'skipped', title, ms: Math.round(performance.now() - start) });
    return sum(loads);
  }
  const reasons = [...new Set(due.filter(({ decision }) => decision.action !== 'skip').map(({ decision }) => decision.reason))];
  return step(session.emit, `load:${image.name}`, `image ${image.name}: loading (${reasons.join('; ')})`, async () => {
    const loads = await Promise.all(due.map((load) => carryOut(session, image, built, load)));
    const title = `image ${image.name} loaded into ${loads.map(({ node, words }) => `node ${node} (${words})`).join(', ')}`;
    return { title, value: sum(loads) };
  });
}

interface DueLoad {
  node: string;
  /** As the node shall know it, in full. */
  name: string;
  digest: string | undefined;
  decision: LoadDecision;
}

interface LoadResult {
  node: string;
  /** The image's id in the node. */
  id: string | undefined;
  words: string;
}

async function decideFor(session: Session, image: ImageConfig, built: DockerImage, node: string, force: boolean): Promise<DueLoad> {
  const name = canonicalName(image.reference) ?? image.reference;
  const digest = session.digests.of(built);
  return { node, name, digest, decision: decideLoad({ digest, name, present: await imagesIn(session, node), force }) };
}

async function carryOut(session: Session, image: ImageConfig, built: DockerImage, load: DueLoad): Promise<LoadResult> {
  const { node, name, digest, decision } = load;
  const start = performance.now();
  const note = (verdict: LoadSummary['verdict'], bytes: number) =>
    session.loads.push({ image: image.name, node, verdict, bytes, ms: Math.round(performance.now() - start) });
  if (decision.action === 'skip') {
    note('present', 0);
    return { node, id: digest, words: 'there already' };
  }
  try {
    session.signal.throwIfAborted();
    const order = { reference: image.reference, name, digest, node, decision, transport: archiveTransport, signal: session.signal };
    const { entry, bytes } = await loadImage(session.engine, order);
    session.digests.learn(built, entry.id);
    note(decision.action === 'tag' ? 'tagged' : 'transferred', bytes);
    return { node, id: entry.id, words: decision.action === 'tag' ? 'only the name' : megabytes(bytes) };
  } catch (error) {
    note('failed', 0);
    throw error;
  }
}

function digestFrom(session: Session, image: ImageConfig, built: DockerImage, loads: LoadResult[]): string {
  const digest = session.digests.of(built) ?? loads[0]?.id;
  if (digest === undefined) throw new HarnessError('LOAD', `The cluster has no node to load ${image.name} into.`);
  return digest;
}

function nodesInWords(due: DueLoad[]): string {
  return due.length === 1 ? `node ${due[0]?.node}` : `${due.length} nodes`;
}
