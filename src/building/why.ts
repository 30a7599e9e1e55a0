import type { ImageConfig } from '../config/config.ts';
import type { Session } from '../session.ts';
import type { BuildStory } from './build-record.ts';
import type { BuildDecision } from './decide-build.ts';
import { settleImages, type ImageOutcome } from './settle-images.ts';

/** Why an image will or will not be built, and why it was last built. */
export interface Why {
  image: string;
  reference: string;
  verdict: BuildDecision['verdict'];
  /** What `test-cached` would do about it. */
  action: BuildDecision['action'];
  reason: string;
  changed: BuildDecision['changes'];
  /** How many source files are newer than the image. */
  newer: number;
  /**
   * The last build on this machine, with its time in ISO 8601; null if the image was built
   * elsewhere, by hand, or not at all.
   */
  lastBuild: (Omit<BuildStory, 'at'> & { at: string }) | null;
}

/**
 * Explains for each image whether the next run builds it, and why the last build ran. Read-only.
 */
export async function why(session: Session, images: readonly ImageConfig[]): Promise<Why[]> {
  const outcomes = await settleImages(session, images, { tier: 'test-cached', lookOnly: true });
  return Promise.all(images.map(async ({ name }) => explain((await outcomes.get(name)) as ImageOutcome)));
}

function explain({ image, decision, seen: { found, record, newerFiles } }: ImageOutcome): Why {
  const { verdict, action, reason, changes } = decision;
  const story = found !== undefined && record?.id === found.id ? record.story : undefined;
  return {
    image: image.name,
    reference: image.reference,
    verdict,
    action,
    reason,
    changed: changes,
    newer: newerFiles,
    lastBuild: story ? { ...story, at: new Date(story.at).toISOString() } : null,
  };
}
