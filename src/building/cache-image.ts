import type { ImageConfig } from '../config/config.ts';
import { LABELS } from '../core/labels.ts';
import type { DockerImage } from '../docker/engine.ts';
import { labelsInRegistry, pullImage } from '../docker/registry-client.ts';
import type { ObservedInputs } from '../freshness/read-inputs.ts';
import type { Session } from '../session.ts';

/**
 * The image that may be used instead of a build (`cacheImage`, or `--since-image` for this run), if
 * its label says that it was built from the current inputs. Reads the label in Docker, or else in
 * the image's registry.
 * @returns its reference; undefined if there is none or it does not match
 */
export async function matchingCacheImage(
  session: Session,
  image: ImageConfig,
  observed: ObservedInputs,
): Promise<string | undefined> {
  const reference = image.cacheImage;
  if (reference === undefined) return undefined;
  if (isBuiltFrom(observed, (await session.engine.image(reference))?.labels)) return reference;
  const [platform = ''] = observed.options.platforms;
  return isBuiltFrom(observed, await labelsInRegistry(reference, platform, session)) ? reference : undefined;
}

function isBuiltFrom({ digest }: ObservedInputs, labels: DockerImage['labels'] | undefined): boolean {
  return labels?.[LABELS.inputs] === digest;
}

/**
 * Tags the cache image with the image's name, after pulling it if Docker does not have it.
 * @returns undefined if it cannot be pulled, or no longer matches the inputs
 */
export async function takeCacheImage(
  session: Session,
  image: ImageConfig,
  reference: string,
  observed: ObservedInputs,
): Promise<DockerImage | undefined> {
  const { engine } = session;
  if (!isBuiltFrom(observed, (await engine.image(reference))?.labels)) {
    const { platforms, arePlatformsGiven } = observed.options;
    const failure = await pullImage(reference, arePlatformsGiven ? platforms[0] : undefined, session);
    if (failure !== undefined)
      session.emit({ type: 'note', level: 'warning', message: `could not pull ${reference}: ${failure}` });
  }
  const found = await engine.image(reference);
  if (!found || !isBuiltFrom(observed, found.labels)) return undefined;
  await engine.tag(found.id, image.reference);
  return engine.image(image.reference);
}
