/** What happens to a name of an image. A refused name goes on meaning what it meant. */
export interface TagDecision {
  /** The whole name, such as `shop/api:latest`. */
  tag: string;
  action: 'add' | 'move' | 'keep' | 'refuse';
  reason: string;
}

/** A name that the configuration asks for. */
export interface WantedTag {
  /** As in the configuration. */
  template: string;
  /** The name; undefined if a placeholder has no value. */
  tag: string | undefined;
}

const PLACEHOLDER = /\{(\w+)\}/g;

/** Whether a name follows the newest build. One with a placeholder always means the same result. */
export function isMoving(template: string): boolean {
  return !template.includes('{');
}

/**
 * The name that a template stands for. Characters that no tag can have become `-`.
 * @param values by placeholder; a value that is not known is missing
 */
export function fillTag(template: string, repository: string, values: Readonly<Record<string, string>>): WantedTag {
  const names = [...template.matchAll(PLACEHOLDER)].map(([, name = '']) => name);
  if (names.some((name) => values[name] === undefined)) return { template, tag: undefined };
  const filled = template.replace(PLACEHOLDER, (_, name: string) => values[name] as string);
  const tag = filled.replaceAll(/[^\w.-]/g, '-').slice(0, 128);
  return { template, tag: `${repository}:${tag}` };
}

/**
 * Decides about one name.
 * @param id the image that should have it; undefined if that must be built first
 * @param standing the image that has it now
 */
export function decideTag(
  { template, tag }: WantedTag,
  id: string | undefined,
  standing: string | undefined,
): TagDecision {
  if (tag === undefined) return { tag: template, action: 'refuse', reason: 'the commit is unknown' };
  const then = id === undefined ? ', once the image is built' : '';
  if (standing === undefined) return { tag, action: 'add', reason: `no image has this name${then}` };
  if (standing === id) return { tag, action: 'keep', reason: 'the image has it' };
  if (isMoving(template)) return { tag, action: 'move', reason: `${short(standing)} has it now${then}` };
  const wanted = id === undefined ? 'a new build' : short(id);
  return { tag, action: 'refuse', reason: `it stands for ${short(standing)}, and would come to stand for ${wanted}` };
}

function short(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12);
}
