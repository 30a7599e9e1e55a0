import { oncePer } from '../core/once-per.ts';
import type { Session } from '../session.ts';

const replacements = oncePer<Session, { some: boolean }>(() => ({ some: false }));

/** Remembers that a load of this run replaced an image. */
export function noteReplacement(session: Session): void {
  replacements(session).some = true;
}

/** Whether a load of this run replaced an image. */
export function hasReplaced(session: Session): boolean {
  return replacements(session).some;
}
