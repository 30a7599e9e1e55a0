import type { Tier } from '../config/config.ts';
import type { FreshnessDecision } from '../freshness/decide-freshness.ts';

/** `take`: the cache image was built from the same inputs and is used instead of a build. */
export interface BuildDecision extends FreshnessDecision {
  action: 'build' | 'take' | 'skip';
}

/** What decides, besides the verdict, whether an image is built. */
export interface BuildWishes {
  tier: Tier;
  /** Build regardless of the verdict. */
  force?: boolean | undefined;
  /** A cache image that was built from the current inputs. */
  cacheImage?: string | undefined;
}

/** Decides what to do about a verdict. */
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
