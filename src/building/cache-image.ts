import type { ImageConfig } from '../config/config.ts';
import { LABELS } from '../core/labels.ts';
import type { DockerImage } from '../docker/engine.ts';
import { labelsInRegistry, pullImage } from '../docker/registry-client.ts';
import type { ObservedInputs } from '../freshness/read-inputs.ts';
import type { Session } from '../session.ts';

/**
 * Whether the image that may be taken in place of a build (`cacheImage`, or `--since-image` for
 * this run) was built from the inputs as they are now, which only its label tells: in Docker, or
 * else in its registry.
 * @returns its reference if so
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
 * Gives the cache image the image's name, pulling it where Docker does not have it.
 * @returns undefined when it could not be had, or is another one by now
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
    const why = await pullImage(reference, arePlatformsGiven ? platforms[0] : undefined, session);
    if (why !== undefined)
      session.emit({ type: 'note', level: 'warning', message: `${reference} could not be pulled: ${why}` });
  }
  const found = await engine.image(reference);
  if (!found || !isBuiltFrom(observed, found.labels)) return undefined;
  await engine.tag(found.id, image.reference);
  return engine.image(image.reference);
}
