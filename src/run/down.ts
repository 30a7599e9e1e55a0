import { awaitTests } from '../cluster/await-tests.ts';
import { currentCluster } from '../cluster/current.ts';
import { remove } from '../cluster/lifecycle.ts';
import { assertOwn } from '../cluster/ownership.ts';
import { step } from '../core/step.ts';
import { count } from '../core/words.ts';
import { decideClean } from '../pruning/decide-prune.ts';
import { dockerHoldings } from '../pruning/docker-holdings.ts';
import { pruneDocker } from '../pruning/remove.ts';
import { takeRegistryDown } from '../registry/bring-up.ts';
import { removeServices } from '../services/bring-up.ts';
import type { Session } from '../session.ts';

/**
 * Deletes the cluster, its local registry and its service containers, if they exist and are ours.
 * @returns whether there was a cluster
 * @throws HarnessError CLUSTER_FOREIGN
 */
export async function takeDown(session: Session): Promise<boolean> {
  const { name } = session.config.cluster;
  const state = await currentCluster(session.engine, session.config);
  await assertOwn(session, state);
  if (state.nodes.length === 0) {
    await removeServices(session);
    await takeRegistryDown(session); // the cluster may have been deleted without the harness
    session.emit({ type: 'note', level: 'info', message: `cluster ${name} does not exist` });
    return false;
  }
  await awaitTests(session, state);
  await step(session.emit, 'cluster', `cluster ${name}: deleting`, async () => {
    await remove(session);
    return { title: `cluster ${name} deleted`, value: undefined };
  });
  await removeServices(session);
  await takeRegistryDown(session);
  return true;
}

/** Deletes the cluster, and then the images. */
export async function clean(session: Session): Promise<{ cluster: boolean; images: string[] }> {
  return { cluster: await takeDown(session), images: await removeImages(session) };
}

/**
 * Removes the images that were built for this project, except what the user named otherwise or a
 * container uses. Images that only inherited a label from one of them stay.
 * @returns the removed names, and the ids of images without one
 */
async function removeImages(session: Session): Promise<string[]> {
  const { engine, config, emit } = session;
  return step(emit, 'images', 'removing images', async () => {
    const { images, foreignPorts } = await dockerHoldings(session);
    const configured = config.images.map(({ reference }) => reference);
    const removals = decideClean(images, { project: config.project, configured, foreignPorts });
    const removed: string[][] = [];
    for (const removal of removals) {
      const names = removal.names.length > 0 ? [...removal.names] : [removal.id];
      const stays = `image ${names.join(', ')} stays: a container or another image needs it`;
      if (await pruneDocker(engine, removal)) removed.push(names);
      else emit({ type: 'note', level: 'warning', message: stays });
    }
    const title = `${count(removed.length, 'image')} removed`;
    return { title, skipped: removed.length === 0, value: removed.flat() };
  });
}
