import { step } from '../core/step.ts';
import { count } from '../core/words.ts';
import type { Session } from '../session.ts';
import { decideClean } from './decide-clean.ts';
import type { Kept } from './decide-prune.ts';
import { dockerHoldings } from './docker-holdings.ts';
import { pruneDocker } from './remove.ts';

/** What `clean` did with the images of a project. */
export interface CleanedImages {
  /** The removed names, and the ids of images without one. */
  removed: string[];
  kept: Kept[];
}

/**
 * Removes the images that were built for this project, except what the user named otherwise and what
 * something else needs. Images that only inherited a label from one of them stay.
 */
export async function cleanImages(session: Session): Promise<CleanedImages> {
  const { engine, config, emit } = session;
  return step(emit, 'images', 'removing images', async () => {
    const { images, foreignPorts } = await dockerHoldings(session);
    const configured = config.images.map(({ reference }) => reference);
    const { removals, kept } = decideClean(images, { project: config.project, configured, foreignPorts });
    const removed: string[][] = [];
    for (const removal of removals) {
      const names = removal.names.length > 0 ? [...removal.names] : [removal.id];
      const refusal = await pruneDocker(engine, removal);
      if (refusal === undefined) removed.push(names);
      else kept.push({ image: names.join(', '), reason: `Docker did not remove it: ${refusal}` });
    }
    reportKept(session, kept);
    const title = `${count(removed.length, 'image')} removed`;
    return { title, skipped: removed.length === 0, value: { removed: removed.flat(), kept } };
  });
}

/** Names each image that stays, and says why. */
export function reportKept({ emit }: Session, kept: readonly Kept[]): void {
  for (const { image, reason } of kept)
    emit({ type: 'note', level: 'info', message: `image ${image} stays: ${reason}` });
}
