import type { Session } from '../session.ts';
import type { ReadImage } from './read-facts.ts';
import { stampValues, type StampValues } from './stamp-values.ts';
import { unknownFacts } from './image-facts.ts';

/** The stamps of an image that is about to be built from these inputs. Without stamps, git is not asked. */
export async function stampsFor(session: Session, own: ReadImage, bases: readonly ReadImage[]): Promise<StampValues> {
  const { stamps, name } = own.image;
  if (stamps.length === 0) return stampValues([], unknownFacts('nothing asked for it'), 0);
  const { readFacts } = await import('./read-facts.ts');
  const facts = await readFacts(session, own, bases);
  if (facts.unknown !== undefined)
    session.emit({ type: 'note', level: 'info', message: `image ${name}: its commit is unknown: ${facts.unknown}` });
  return stampValues(stamps, facts, Date.now());
}
