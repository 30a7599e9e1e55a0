import { settleImages, type ImageOutcome } from '../building/settle-images.ts';
import { ownCluster } from '../cluster/ownership.ts';
import type { ImageConfig } from '../config/config.ts';
import { HarnessError } from '../core/error.ts';
import type { Session } from '../session.ts';
import { allOfThem, loadEverywhere } from './load-image.ts';

/**
 * Loads images as Docker has them into the nodes of the running cluster; builds nothing.
 * @throws HarnessError CLUSTER when it does not run, CLUSTER_FOREIGN, LOAD
 */
export async function loadExisting(session: Session, images: readonly ImageConfig[], force: boolean): Promise<void> {
  const { nodes } = await ownCluster(session);
  if (nodes.length === 0 || nodes.some((node) => !node.running)) {
    throw new HarnessError('CLUSTER', `The cluster ${session.config.cluster.name} is not running.`, {
      next: 'Run `harness up` first.',
    });
  }
  const outcomes = settleImages(session, images, { tier: 'test-fast', lookOnly: true });
  const selected = images.map((image) => outcomes.get(image.name) as Promise<ImageOutcome>);
  await allOfThem(selected.map(async (outcome) => loadEverywhere(session, await outcome, nodes, force)));
}
