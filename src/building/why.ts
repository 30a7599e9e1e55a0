import type { ImageConfig } from '../config/config.ts';
import { LABELS } from '../core/labels.ts';
import type { Session } from '../session.ts';
import type { BuildStory } from './build-record.ts';
import type { BuildDecision } from './decide-build.ts';
import { settleImages, type ImageOutcome } from './settle-images.ts';

/** Why an image will be built, or was. */
export interface Why {
  image: string;
  reference: string;
  verdict: BuildDecision['verdict'];
  /** What `test-cached` would do about it. */
  action: BuildDecision['action'];
  reason: string;
  changed: BuildDecision['changes'];
  /** How many files are newer than the image. */
  newer: number;
  /**
   * Its last build from here, with its time in ISO 8601; null when it was built elsewhere, or by
   * hand, or not at all.
   */
  lastBuild: (Omit<BuildStory, 'at'> & { at: string }) | null;
}

/**
 * Says in full why the next build of each image happens or does not, and why the last one did.
 * Changes nothing.
 */
export async function why(session: Session, images: readonly ImageConfig[]): Promise<Why[]> {
  const outcomes = settleImages(session, images, { tier: 'test-cached', lookOnly: true });
  return Promise.all(images.map(async ({ name }) => explain((await outcomes.get(name)) as ImageOutcome)));
}

function explain({ image, decision, seen: { found, record, newerFiles } }: ImageOutcome): Why {
  const { verdict, action, reason, changes } = decision;
  const story = record !== undefined && found?.labels[LABELS.inputs] === record.digest ? record.story : undefined;
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
