import { judgeOwner, type Observer } from '../machine/judge-owner.ts';
import type { StoredClaim, TestClaim } from './claim.ts';

/** What a run is about to change. */
export type Change =
  /** The whole cluster: stop, delete or recreate it. */
  | { what: 'cluster' }
  /** The image that nodes have under a reference. */
  | { what: 'image'; reference: string }
  /** What is deployed to a namespace. */
  | { what: 'deployment'; namespace: string; content: string };

/**
 * Milliseconds after which a claim that is not renewed no longer counts, if its process is not
 * visible from here: several renewals have failed by then.
 */
export const EXPIRY_MS = 60_000;

/** Whether tests would meet something else because of a change. */
export function disturbs(change: Change, claim: TestClaim): boolean {
  switch (change.what) {
    case 'cluster':
      return true;
    case 'image':
      return claim.references.includes(change.reference);
    case 'deployment':
      return claim.namespace === change.namespace && claim.content !== change.content;
  }
}

/** Who looks at a claim, and what that process has seen of it. */
export interface ClaimObserver extends Observer {
  /** The claims of processes that started this one: it is part of their tests. */
  ownClaims: readonly string[];
  /** Milliseconds since the renewal of a claim was last seen to change. */
  unrenewedFor: (claim: StoredClaim) => number;
}

/**
 * Whether to wait for the end of a claim, to remove it because its process has ended, or to ignore
 * it because it belongs to this process or to one that waits for this one.
 */
export function judgeClaim(claim: StoredClaim, observer: ClaimObserver): 'wait' | 'remove' | 'ignore' {
  if (observer.ownClaims.includes(claim.name)) return 'ignore';
  const state = judgeOwner(claim.owner, observer);
  if (state === 'dead') return 'remove';
  if (state === 'unknown') return observer.unrenewedFor(claim) >= EXPIRY_MS ? 'remove' : 'wait';
  return claim.owner.pid === observer.self.pid ? 'ignore' : 'wait';
}
