import type { ImageConfig } from '../config/config.ts';
import { HarnessError } from '../core/error.ts';
import { LABELS } from '../core/labels.ts';
import type { UsedSource } from '../docker/build-metadata.ts';
import type { DockerEngine, DockerImage } from '../docker/engine.ts';
import { originOf } from './origin.ts';

/** What a build was asked for and what it reported. */
export interface FinishedBuild {
  /** The inputs digest, as the image's label should have it. */
  digest: string;
  /** Whether the image's history ends with a seal, see `sealDockerfile`. */
  isSealed: boolean;
  /** The digests of the image that BuildKit reported. Which one the engine uses depends on its store. */
  reported: readonly string[];
  /** What BuildKit used; undefined if it does not tell. */
  sources: readonly UsedSource[] | undefined;
}

/**
 * The image that Docker has under its name after a build, once it is certain that it is the one
 * that was built. Another program may have moved the name in the meantime, and a builder may load
 * into another engine.
 * @throws HarnessError BUILD when it is another image, or when there is none
 */
export async function confirmBuild(
  engine: DockerEngine,
  image: ImageConfig,
  finished: FinishedBuild,
): Promise<DockerImage> {
  const found = await engine.image(image.reference);
  if (!found) {
    throw new HarnessError('BUILD', `Image ${image.reference} was built, but Docker does not have it.`, {
      next: 'Choose a builder that loads into the engine: `docker buildx use default`.',
    });
  }
  if (await isResult(engine, found, finished)) return found;
  throw new HarnessError('BUILD', `Image ${image.reference} was built, but Docker has another image of that name.`, {
    detail: `expected an image with the label ${LABELS.inputs}=${finished.digest}, found ${found.id} with ${found.labels[LABELS.inputs] ?? 'none'}`,
    next: 'Find what else gives an image this name, or choose a builder that loads into the engine: `docker buildx use default`.',
  });
}

/** A builder of its own may report other digests than the engine, so the seal is proof enough. */
async function isResult(engine: DockerEngine, found: DockerImage, finished: FinishedBuild): Promise<boolean> {
  const { digest, isSealed, reported } = finished;
  if (found.labels[LABELS.inputs] !== digest) return false;
  if ([found.id, found.manifest].some((id) => id !== undefined && reported.includes(id))) return true;
  return !isSealed || (await originOf(engine, found)) === 'own';
}
