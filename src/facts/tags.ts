import type { ImageConfig } from '../config/config.ts';
import { sha256 } from '../core/digest.ts';
import type { DockerImage } from '../docker/engine.ts';
import type { Session } from '../session.ts';
import { decideTag, fillTag, isMoving, type TagDecision } from './decide-tags.ts';
import { UNKNOWN } from './image-facts.ts';
import type { ReadImage } from './read-facts.ts';

/** How many digits of a commit or digest are in a name. */
const DIGITS = 12;
const DIRTY_DIGITS = 8;

/**
 * What is due for the names of an image. Names that it has already cost nothing.
 * @param built the image that should have them; undefined if it must be built first
 */
export async function dueTags(
  session: Session,
  own: ReadImage,
  bases: readonly ReadImage[],
  built: DockerImage | undefined,
): Promise<TagDecision[]> {
  const { tags, reference } = own.image;
  if (tags.length === 0) return [];
  const values = tags.every(isMoving) ? {} : await valuesOf(session, own, bases);
  const wanted = tags.map((template) => fillTag(template, repositoryIn(reference), values));
  const decide = async (one: (typeof wanted)[number]) => {
    const has = one.tag !== undefined && built?.tags.includes(one.tag) === true;
    const standing = has ? built.id : one.tag && (await session.engine.image(one.tag))?.id;
    return decideTag(one, built?.id, standing);
  };
  return Promise.all(wanted.map(decide));
}

/** Gives an image its names. A name that would come to mean another result is a warning. */
export async function applyTags(
  session: Session,
  own: ReadImage,
  bases: readonly ReadImage[],
  built: DockerImage,
): Promise<void> {
  for (const { tag, action, reason } of await dueTags(session, own, bases, built)) {
    if (action === 'add' || action === 'move') await session.engine.tag(built.id, tag);
    if (action !== 'refuse') continue;
    const message = `image ${own.image.name} does not get the name ${tag}: ${reason}`;
    session.emit({ type: 'note', level: 'warning', message });
  }
}

/** The values of placeholders. Facts that are not known are left out. */
async function valuesOf(
  session: Session,
  own: ReadImage,
  bases: readonly ReadImage[],
): Promise<Record<string, string>> {
  const inputs = own.observed.digest.replace(/^sha256:/, '');
  const always = { inputs: inputs.slice(0, DIGITS), dockerfile: sha256(own.observed.dockerfile).slice(0, DIGITS) };
  if (!own.image.tags.some((template) => /\{(commit|version|branch)\}/.test(template))) return always;
  const { readFacts } = await import('./read-facts.ts');
  const { commit, dirty, version, branch } = await readFacts(session, own, bases);
  // Two dirty trees of one commit are two results.
  const suffix = dirty.length === 0 ? '' : `-dirty-${inputs.slice(0, DIRTY_DIGITS)}`;
  const facts = { commit: commit.slice(0, DIGITS) + suffix, version: version + suffix, branch };
  const known = { commit, version, branch };
  const isKnown = ([name]: [string, string]) => known[name as keyof typeof known] !== UNKNOWN;
  return { ...always, ...Object.fromEntries(Object.entries(facts).filter(isKnown)) };
}

/** A reference without its tag. */
function repositoryIn(reference: ImageConfig['reference']): string {
  return reference.replace(/:[^:/]+$/, '');
}
