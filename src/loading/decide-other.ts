import type { DockerImage } from '../docker/engine.ts';

/** What becomes of an image that others have built. */
export interface OtherDecision {
  verdict: 'fresh' | 'missing';
  action: 'pull' | 'skip';
  reason: string;
}

/** Decides whether an image of others must be pulled: never while Docker has it. */
export function decideOther(found: DockerImage | undefined): OtherDecision {
  return found
    ? { verdict: 'fresh', action: 'skip', reason: 'an image of others' }
    : { verdict: 'missing', action: 'pull', reason: 'Docker does not have this image of others' };
}
