import type { ImageConfig } from '../config/config.ts';
import { isOthersImage } from '../config/judge-owner.ts';
import { ownerOf } from '../config/owner.ts';
import { HarnessError } from '../core/error.ts';
import { LABELS } from '../core/labels.ts';
import { oncePer } from '../core/once-per.ts';
import type { DockerEngine, DockerImage } from '../docker/engine.ts';
import { imageHistory } from '../docker/image-history.ts';
import { describeOrigin, judgeOrigin, type Origin } from '../freshness/judge-origin.ts';
import type { Session } from '../session.ts';
import { readRecord } from './build-record.ts';

/**
 * Whose record of inputs an image in Docker carries.
 * @param provenId the id of an image that is known to carry its own. It is not asked about again.
 * @returns `unproven` for an image without a record, too
 */
export async function originOf(
  engine: DockerEngine,
  { id, labels }: Pick<DockerImage, 'id' | 'labels'>,
  provenId?: string,
): Promise<Origin> {
  const digest = labels[LABELS.inputs];
  if (digest === undefined) return 'unproven';
  return id === provenId ? 'own' : judgeOrigin(digest, await imageHistory(engine, id));
}

/** Ids of images that are known to carry their own record, from the records of all builds. */
export function provenIds({ config }: Session): Set<string> {
  return new Set(config.images.flatMap((image) => readRecord(config, image)?.id ?? []));
}

/** What was said about cache images in a run. Several stages look for the same ones. */
const said = oncePer<Session, Set<string>>(() => new Set());

/** Says why an image that has the right label is not used. */
export function reportForeign(session: Session, image: ImageConfig, reference: string, origin: Origin): void {
  if (origin === 'own' || said(session).has(reference)) return;
  said(session).add(reference);
  const message = `image ${image.name}: not using ${reference}: ${describeOrigin(origin)}`;
  session.emit({ type: 'note', level: 'warning', message });
}

/**
 * Refuses a build that would take the name of an image away from another repository, whose project
 * has the same name. Otherwise each would replace the image of the other all the time.
 * @throws HarnessError BUILD
 */
export async function refuseOthers(
  { config, engine }: Session,
  image: ImageConfig,
  found: DockerImage | undefined,
): Promise<void> {
  if (!found || !isOthersImage(found.labels[LABELS.owner], await ownerOf(config))) return;
  if ((await originOf(engine, found)) !== 'own') return; // the label is inherited
  const self = await ownerOf(config);
  throw new HarnessError('BUILD', `Refusing to replace image ${image.reference}: another repository built it.`, {
    detail: `This is the project ${self.project} in ${self.directory}; another one of that name has an image ${found.labels[LABELS.image]}.`,
    next: `Set \`project\` in one of them, or remove the image if it is not needed: docker rmi ${image.reference}`,
  });
}
