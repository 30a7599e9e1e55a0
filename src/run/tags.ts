import { settleImages, type ImageOutcome } from '../building/settle-images.ts';
import type { ImageConfig } from '../config/config.ts';
import type { TagDecision } from '../facts/decide-tags.ts';
import { dueTags } from '../facts/tags.ts';
import type { Session } from '../session.ts';

/** A tag of an image, and what the next run does about it. */
export interface ImageTag extends TagDecision {
  image: string;
}

/** Lists what is due for the tags of images, and what stands. Changes nothing. */
export async function listTags(session: Session, images: readonly ImageConfig[]): Promise<ImageTag[]> {
  const outcomes = await settleImages(session, images, { tier: 'test-cached', lookOnly: true });
  const listed = images.map(async ({ name }) => {
    const { image, decision, seen, bases } = (await outcomes.get(name)) as ImageOutcome;
    const own = { image, observed: seen.observed };
    const due = await dueTags(session, own, bases, decision.verdict === 'fresh' ? seen.found : undefined);
    return due.map((tag) => ({ image: name, ...tag }));
  });
  return (await Promise.all(listed)).flat();
}
