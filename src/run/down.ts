import { awaitTests } from '../cluster/await-tests.ts';
import { currentCluster } from '../cluster/current.ts';
import { remove } from '../cluster/lifecycle.ts';
import { assertOwn } from '../cluster/ownership.ts';
import { step } from '../core/step.ts';
import { cleanImages } from '../pruning/clean-images.ts';
import { removeLeftovers } from '../pruning/leftovers.ts';
import type { Kept } from '../pruning/decide-prune.ts';
import { takeRegistryDown } from '../registry/bring-up.ts';
import { takeMirrorsDown } from '../registry/mirrors.ts';
import { removeServices } from '../services/bring-up.ts';
import type { Session } from '../session.ts';
import type { DownOptions } from './options.ts';

/** What `clean` did. */
export interface Cleaned {
  /** Whether there was a cluster. */
  cluster: boolean;
  /** The removed names, and the ids of images without one. */
  images: string[];
  /** Images that stay, with the reason. */
  kept: Kept[];
}

/**
 * Deletes the cluster, its local registry and its service containers, if they exist and are ours.
 * Volumes of services stay unless they are to be removed.
 * @returns whether there was a cluster
 * @throws HarnessError CLUSTER_FOREIGN
 */
export async function takeDown(session: Session, { volumes = false }: DownOptions = {}): Promise<boolean> {
  const { name } = session.config.cluster;
  const state = await currentCluster(session.engine, session.config);
  await assertOwn(session, state);
  if (state.nodes.length === 0) {
    await removeServices(session, { volumes });
    await takeRegistryDown(session); // the cluster may have been deleted without the harness
    await takeMirrorsDown(session);
    session.emit({ type: 'note', level: 'info', message: `cluster ${name} does not exist` });
    return false;
  }
  await awaitTests(session, state);
  await step(session.emit, 'cluster', `cluster ${name}: deleting`, async () => {
    await remove(session);
    return { title: `cluster ${name} deleted`, value: undefined };
  });
  await removeServices(session, { volumes });
  await takeRegistryDown(session);
  await takeMirrorsDown(session);
  return true;
}

/** Deletes the cluster, and then the images. */
export async function clean(session: Session, options: DownOptions = {}): Promise<Cleaned> {
  const cluster = await takeDown(session, options);
  const { removed, kept } = await cleanImages(session);
  await removeLeftovers(session);
  return { cluster, images: removed, kept };
}
