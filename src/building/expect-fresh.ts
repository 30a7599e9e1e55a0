import type { ImageConfig } from '../config/config.ts';
import { staleError } from '../core/error.ts';
import type { Session } from '../session.ts';
import { sourcesOf } from './inspect-image.ts';
import { settleImages } from './settle-images.ts';

/**
 * Fails before anything is done, for runs that must not build.
 * @throws HarnessError STALE when an image would have to be built
 */
export async function expectFresh(session: Session, images: readonly ImageConfig[]): Promise<void> {
  const outcomes = await settleImages(session, images, { tier: 'test-cached', lookOnly: true });
  const settled = await Promise.all(outcomes.values());
  const error = staleError(settled.map(({ image, decision }) => ({ ...decision, image: image.name })));
  if (error) throw error;
  sourcesOf(session).forget(); // the run that follows reads the sources again
}
