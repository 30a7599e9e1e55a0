import { settleImages } from '../building/settle-images.ts';
import { ownCluster } from '../cluster/ownership.ts';
import type { ImageConfig, OtherImage } from '../config/config.ts';
import { HarnessError } from '../core/error.ts';
import type { Session } from '../session.ts';
import { allSettledOrThrow, loadEverywhere } from './load-image.ts';
import type { LoadableImage } from './loaded-image.ts';

/**
 * Loads the images that Docker has into the nodes of the running cluster. Builds nothing.
 * @throws HarnessError CLUSTER if it is not running, CLUSTER_FOREIGN, LOAD
 */
export async function loadExisting(
  session: Session,
  { images, others }: { images: readonly ImageConfig[]; others: readonly OtherImage[] },
  force: boolean,
): Promise<void> {
  const { nodes } = await ownCluster(session);
  if (nodes.length === 0 || nodes.some((node) => !node.running)) {
    throw new HarnessError('CLUSTER', `The cluster ${session.config.cluster.name} is not running.`, {
      next: 'Run `harness up` first.',
    });
  }
  const outcomes = await settleImages(session, images, { tier: 'test-fast', lookOnly: true });
  const selected: (Promise<LoadableImage> | undefined)[] = [
    ...images.map(({ name }) => outcomes.get(name)),
    ...others.map(async (image) => ({ image, built: await session.engine.image(image.reference) })),
  ];
  await allSettledOrThrow(
    selected.map(async (outcome) => loadEverywhere(session, (await outcome) as LoadableImage, nodes, force)),
  );
}
