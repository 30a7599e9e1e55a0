import { LABELS } from '../core/labels.ts';

/**
 * Whose record of inputs an image carries. `own`: its build wrote it. `inherited`: the build of
 * another image wrote it, which this one was derived or committed from. `unproven`: nothing shows
 * who wrote it, because an earlier version of the harness built the image, or its history is gone.
 */
export type Origin = 'own' | 'inherited' | 'unproven';

/**
 * The instruction that ends the Dockerfile of each build, see `sealDockerfile`. A label alone says
 * nothing about an image, because everything that is built on it inherits the label.
 */
export function seal(digest: string): string {
  return `LABEL ${LABELS.inputs}=${digest}`;
}

/**
 * Judges whose record an image carries.
 * @param digest the inputs digest on its label
 * @param history the instructions that made it, the last one first
 */
export function judgeOrigin(digest: string, history: readonly string[]): Origin {
  const index = history.findIndex((instruction) => instruction.trim() === seal(digest));
  if (index === -1) return 'unproven';
  return index === 0 ? 'own' : 'inherited';
}

/**
 * The inputs digests of all builds in an image's history, the last one first: its own, and those of
 * the images that it is built on.
 */
export function sealsIn(history: readonly string[]): string[] {
  const start = seal('');
  return history.flatMap((instruction) => {
    const text = instruction.trim();
    return text.startsWith(start) ? [text.slice(start.length)] : [];
  });
}

/** Says why an image is not the one that its label describes. Continues a sentence. */
export function describeOrigin(origin: Exclude<Origin, 'own'>): string {
  return origin === 'inherited'
    ? 'another image carries its label: one that was committed or built from it'
    : 'nothing proves that its label is its own: an earlier version built it, or it was changed since';
}
