import { unlessMissing, type DockerEngine, type DockerImage } from '../docker/engine.ts';
import { dropName } from '../docker/push.ts';
import type { Stamp } from '../settings/image-facts.ts';
import { holdName } from './hold-name.ts';
import { isSameResult } from './judge-same-result.ts';

/** Keeps an image in the engine until this is disposed of, also if another image takes its name. */
export async function holdImage(engine: DockerEngine, image: DockerImage | undefined): Promise<AsyncDisposable> {
  if (!image?.inContainerd) return { [Symbol.asyncDispose]: () => Promise.resolve() };
  const name = holdName(image.id);
  await unlessMissing(engine.tag(image.id, name));
  return { [Symbol.asyncDispose]: () => dropName(engine, name).catch(() => undefined) };
}

/** A build that is finished, and the image that had the name before. */
export interface Rebuilt {
  reference: string;
  /** Built by this project under the same name; undefined if there was none. */
  previous?: DockerImage | undefined;
  built: DockerImage;
  /** The stamps of both. */
  stamps: readonly Stamp[];
}

/**
 * Gives the name back to the previous image if the build gave the same result. Then nodes have the
 * image already, no pod rolls, results of tests stay valid, and images that are built from it stay
 * fresh.
 * @returns the previous image; undefined if the name stays with the new one
 */
export async function keepPrevious(
  engine: DockerEngine,
  { reference, previous, built, stamps }: Rebuilt,
): Promise<DockerImage | undefined> {
  if (previous === undefined || previous.id === built.id || !isSameResult(previous, built, stamps)) return undefined;
  // Something else may have removed it, now that it had no name.
  if (!(await unlessMissing(engine.tag(previous.id, reference).then(() => true)))) return undefined;
  const kept = await engine.image(reference);
  if (kept?.id !== previous.id) return undefined;
  // Without force: whatever uses it by now keeps it.
  await engine.api
    .getImage(built.id)
    .remove()
    .catch(() => undefined);
  return kept;
}
