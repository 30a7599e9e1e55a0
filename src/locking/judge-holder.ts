import { judgeOwner, type Observer } from '../machine/judge-owner.ts';
import type { Holder } from './holder.ts';

/** Who looks at a holder. */
export interface HolderObserver extends Observer {
  /** The tokens of everything that this process holds. */
  ownTokens: ReadonlySet<string>;
}

/**
 * Whether a holder certainly works, has certainly ended, or cannot be judged from its process alone:
 * it is in another container or on another machine, or this system reports no start times, so that
 * another process may have its id by now.
 */
export function judgeHolder(holder: Holder, observer: HolderObserver): 'alive' | 'dead' | 'unknown' {
  const { owner, token } = holder;
  const state = judgeOwner(owner, observer);
  if (state !== 'alive') return state;
  const isOwn = owner.pid === observer.self.pid && owner.started === observer.self.started;
  if (isOwn) return token === '' || observer.ownTokens.has(token) ? 'alive' : 'dead';
  return owner.started === '' && token !== '' ? 'unknown' : 'alive';
}

/** Whether this process was started, directly or not, by the holder: it would wait for itself. */
export function isParent({ token }: Holder, inherited: string | undefined): boolean {
  return token !== '' && (inherited ?? '').split(' ').includes(token);
}
