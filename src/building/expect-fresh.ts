import type { ImageConfig } from '../config/config.ts';
import { staleError } from '../core/error.ts';
import type { Session } from '../session.ts';
import { sourcesOf } from './inspect-image.ts';
import { settleImages } from './settle-images.ts';

/**
 * For runs that must not build: refuses before anything is done.
 * @throws HarnessError STALE when an image would have to be built
 */
export async function expectFresh(session: Session, images: readonly ImageConfig[]): Promise<void> {
  const outcomes = settleImages(session, images, { tier: 'test-cached', lookOnly: true });
  const settled = await Promise.all(outcomes.values());
  const refusal = staleError(settled.map(({ image, decision }) => ({ ...decision, image: image.name })));
  if (refusal) throw refusal;
  sourcesOf(session).forget(); // what is done next looks for itself
}
