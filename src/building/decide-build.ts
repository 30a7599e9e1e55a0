import type { Tier } from '../config/config.ts';
import type { FreshnessDecision } from '../freshness/decide-freshness.ts';

/** `take`: its cache image was built from the same inputs, and is taken in place of a build. */
export interface BuildDecision extends FreshnessDecision {
  action: 'build' | 'take' | 'skip';
}

/** What else counts when it is decided what to do about a verdict. */
export interface BuildWishes {
  tier: Tier;
  /** Build whatever the verdict. */
  force?: boolean;
  /** An image elsewhere that was built from the inputs as they are now. */
  cacheImage?: string;
}

/** What is done about a verdict. */
export function decideBuild(
  freshness: FreshnessDecision,
  { tier, force = false, cacheImage }: BuildWishes,
): BuildDecision {
  if (force || tier === 'test-kind') return { ...freshness, action: 'build' };
  if (tier === 'test-fast' || freshness.verdict === 'fresh') return { ...freshness, action: 'skip' };
  return cacheImage === undefined
    ? { ...freshness, action: 'build' }
    : { ...freshness, action: 'take', reason: `${cacheImage} was built from the same inputs` };
}
