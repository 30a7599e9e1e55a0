import type { ImageOutcome } from '../building/settle-images.ts';
import type { ClusterState } from '../cluster/cluster.ts';
import { rememberedCluster } from '../cluster/current.ts';
import { clusterNodes, loadTargets } from '../cluster/nodes.ts';
import { assertOwn } from '../cluster/ownership.ts';
import type { ImageConfig, OtherImage } from '../config/config.ts';
import { askAhead } from '../core/ask-ahead.ts';
import { buildCacheSize } from '../docker/build-cache.ts';
import { runtimeName } from '../docker/reference.ts';
import { factsNow, type ImageFactsNow } from '../facts/facts-now.ts';
import type { FreshnessDecision } from '../freshness/decide-freshness.ts';
import { decideLoad, type LoadDecision } from '../loading/decide-load.ts';
import { digestsOf } from '../loading/image-digest.ts';
import type { LoadableImage } from '../loading/loaded-image.ts';
import { decideOther } from '../loading/decide-other.ts';
import { askNode, imagesIn } from '../loading/node-contents.ts';
import type { Session } from '../session.ts';
import type { VerifiedIndex } from './wrong-index.ts';

/** What `cache-status` reports about one image. */
export interface ImageStatus {
  image: string;
  reference: string;
  verdict: FreshnessDecision['verdict'];
  /** What `test-cached` would do. */
  action: 'build' | 'take' | 'pull' | 'skip';
  reason: string;
  changed: FreshnessDecision['changes'];
  /** The source that was modified last; null if there is none. Times are ISO 8601. */
  newest: { path: string; modified: string } | null;
  /** Null if the image does not exist or has no creation time. */
  created: string | null;
  /** Bytes in Docker. */
  size: number | null;
  /** By node; empty if no node is running. */
  nodes: Record<string, LoadDecision['verdict']>;
  /** What is true about its sources now, and what it says itself; absent if it has no stamps. */
  facts?: ImageFactsNow;
}

/** What `cache-status` reports. */
export interface CacheStatus {
  images: ImageStatus[];
  /** Bytes of BuildKit's cache in Docker, in total and in use; null if not requested. */
  buildCache: { bytes: number; inUse: number } | null;
  /** What reading all files showed about the index; absent if not requested. */
  verified?: VerifiedIndex;
}

/**
 * Reports whether each image is fresh and where it is loaded. Changes nothing.
 * @param how `onlyVerdicts` leaves out the size of BuildKit's cache: the engine takes longer to
 * compute it than everything else takes. `verify` reads every file, and corrects the index
 */
export async function cacheStatus(
  session: Session,
  { images, others }: { images: readonly ImageConfig[]; others: readonly OtherImage[] },
  { onlyVerdicts, verify }: { onlyVerdicts: boolean; verify: boolean },
): Promise<CacheStatus> {
  const { engine, config } = session;
  // Slow requests are sent first, even before it is known whether the nodes are ours. Modules are
  // loaded while Docker works on them.
  const buildCache = onlyVerdicts ? Promise.resolve(null) : buildCacheSize(engine);
  buildCache.catch(() => undefined); // the error is thrown where it is awaited below
  const listed = await askAhead((onAsked) => clusterNodes(engine, config.cluster.name, onAsked));
  const { settleImages } = await import('../building/settle-images.ts');
  const nodes = await listed();
  await Promise.all(runningTargets(nodes).map((node) => askNode(session, node)));
  await assertOwn(session, await rememberedCluster(engine, config, nodes));
  // last, because an error after this would hide what it finds
  const verified = verify ? await (await import('./verify-index.ts')).verifyIndex(session, images) : undefined;
  const outcomes = await settleImages(session, images, { tier: 'test-cached', lookOnly: true });
  const statuses = [
    ...images.map(async ({ name }) => statusOf(session, (await outcomes.get(name)) as ImageOutcome, nodes)),
    ...others.map(async (image) => statusOfOther(session, image, nodes)),
  ];
  return { images: await Promise.all(statuses), buildCache: await buildCache, ...(verified && { verified }) };
}

function runningTargets(nodes: ClusterState['nodes']): ClusterState['nodes'] {
  return loadTargets(nodes).filter((node) => node.running);
}

async function statusOf(
  session: Session,
  { image, decision, seen, built, bases }: ImageOutcome,
  nodes: ClusterState['nodes'],
): Promise<ImageStatus> {
  const facts = await factsNow(session, { image, ...seen }, bases);
  return {
    verdict: decision.verdict,
    action: decision.action,
    reason: decision.reason,
    changed: decision.changes,
    newest: seen.newest ? { path: seen.newest.path, modified: new Date(seen.newest.modified).toISOString() } : null,
    ...(await placesOf(session, { image, built }, nodes)),
    ...(facts && { facts }),
  };
}

async function statusOfOther(session: Session, image: OtherImage, nodes: ClusterState['nodes']): Promise<ImageStatus> {
  const built = await session.engine.image(image.reference);
  return {
    ...decideOther(built),
    changed: [],
    newest: null,
    ...(await placesOf(session, { image, built }, nodes)),
  };
}

/** Where an image is, and since when. */
async function placesOf(session: Session, { image, built }: LoadableImage, nodes: ClusterState['nodes']) {
  const name = runtimeName(image.reference);
  const digest = built && digestsOf(session).of(built);
  const inNodes = runningTargets(nodes).map(async (node) => {
    const present = await imagesIn(session, node);
    return [
      node.name,
      decideLoad({ digest, layers: built?.layers ?? [], name, present, force: false }).verdict,
    ] as const;
  });
  return {
    image: image.name,
    reference: image.reference,
    created: built && built.created.getTime() > 0 ? built.created.toISOString() : null,
    size: built?.size ?? null,
    nodes: Object.fromEntries(await Promise.all(inNodes)),
  };
}
