import type { ImageConfig } from '../model/config.ts';
import type { ClusterState } from '../model/cluster.ts';
import { canonicalName } from '../model/reference.ts';
import { decideLoad } from '../plan/load.ts';
import { ownCluster } from './own-cluster.ts';
import { settleImages, type ImageOutcome } from './images.ts';
import { imagesIn, loadTargets } from './loads.ts';
import type { Session } from './session.ts';

/** What `cache-status` says of one image. */
export interface ImageStatus {
  image: string;
  reference: string;
  verdict: 'fresh' | 'stale' | 'missing';
  reason: string;
  /** By node; empty where no node runs. */
  nodes: Record<string, 'present' | 'stale' | 'missing'>;
}

/** The verdict on each image and where it is loaded. Changes nothing. */
export async function cacheStatus(session: Session, images: readonly ImageConfig[]): Promise<ImageStatus[]> {
  const outcomes = settleImages(session, images, { tier: 'test-cached', lookOnly: true });
  const cluster = await ownCluster(session);
  return Promise.all(images.map(async (image) => statusOf(session, (await outcomes.get(image.name)) as ImageOutcome, cluster)));
}

async function statusOf(session: Session, { image, decision, built }: ImageOutcome, cluster: ClusterState): Promise<ImageStatus> {
  const name = canonicalName(image.reference) ?? image.reference;
  const digest = built && session.digests.of(built);
  const running = loadTargets(cluster.nodes).filter((node) => node.running);
  const nodes = await Promise.all(
    running.map(
      async (node) =>
        [
          node.name,
          decideLoad({ digest, layers: built?.layers ?? [], name, present: await imagesIn(session, node.name), force: false }).verdict,
        ] as const,
    ),
  );
  return {
    image: image.name,
    reference: image.reference,
    verdict: decision.verdict,
    reason: decision.reason,
    nodes: Object.fromEntries(nodes),
  };
}
