import { currentCluster } from '../cluster/current.ts';
import { remove } from '../cluster/lifecycle.ts';
import { assertOwn } from '../cluster/ownership.ts';
import { LABELS } from '../core/labels.ts';
import { step } from '../core/step.ts';
import { count } from '../core/words.ts';
import { unlessMissing } from '../docker/engine.ts';
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
  assertOwn(session, state);
  if (state.nodes.length === 0) {
    await removeServices(session);
    await takeRegistryDown(session); // the cluster may have been deleted without the harness
    session.emit({ type: 'note', level: 'info', message: `cluster ${name} does not exist` });
    return false;
  }
  await step(session.emit, 'cluster', `cluster ${name}: deleting`, async () => {
    await remove(session.config);
    return { title: `cluster ${name} deleted`, value: undefined };
  });
  await removeServices(session);
  await takeRegistryDown(session);
  return true;
}

/** Removes all images that have the label of this project's builds. @returns their names or ids */
export async function removeImages(session: Session): Promise<string[]> {
  const { engine, config, emit } = session;
  const label = `${LABELS.project}=${config.project}`;
  const images = await engine.api.listImages({ filters: { label: [label] } });
  return step(emit, 'images', 'removing images', async () => {
    const removed: string[] = [];
    for (const image of images) {
      await unlessMissing(engine.api.getImage(image.Id).remove({ force: true }));
      removed.push(...(image.RepoTags ?? [image.Id]));
    }
    return { title: `${count(images.length, 'image')} removed`, skipped: images.length === 0, value: removed };
  });
}
