import type { ImageConfig } from '../config/config.ts';
import { LABELS } from '../core/labels.ts';
import type { DockerImage } from '../docker/engine.ts';
import { imageInRegistry, pullImage } from '../docker/registry-client.ts';
import { judgeOrigin } from '../freshness/judge-origin.ts';
import type { ObservedInputs } from '../freshness/read-inputs.ts';
import type { Session } from '../session.ts';
import { originOf, reportForeign } from './origin.ts';

/**
 * The image that may be used instead of a build (`cacheImage`, or `--since-image` for this run), if
 * it was built from the current inputs: its label says so, and the label is its own. Looks at the
 * image in Docker, or else in the image's registry.
 * @returns its reference; undefined if there is none or it does not match
 */
export async function matchingCacheImage(
  session: Session,
  image: ImageConfig,
  observed: ObservedInputs,
): Promise<string | undefined> {
  const reference = image.cacheImage;
  if (reference === undefined) return undefined;
  if (await matchingInDocker(session, image, reference, observed)) return reference;
  const [platform = ''] = observed.options.platforms;
  const remote = await imageInRegistry(reference, platform, session);
  if (!remote || !isLabelled(observed, remote)) return undefined;
  const origin = judgeOrigin(observed.digest, remote.history);
  reportForeign(session, image, reference, origin);
  return origin === 'own' ? reference : undefined;
}

/** The cache image in Docker, if it is there and was built from these inputs. */
async function matchingInDocker(
  session: Session,
  image: ImageConfig,
  reference: string,
  observed: ObservedInputs,
): Promise<DockerImage | undefined> {
  const found = await session.engine.image(reference);
  if (!found || !isLabelled(observed, found)) return undefined;
  const origin = await originOf(session.engine, found);
  reportForeign(session, image, reference, origin);
  return origin === 'own' ? found : undefined;
}

function isLabelled({ digest }: ObservedInputs, { labels }: Pick<DockerImage, 'labels'>): boolean {
  return labels[LABELS.inputs] === digest;
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
  const find = () => matchingInDocker(session, image, reference, observed);
  let found = await find();
  if (!found) {
    const { platforms, arePlatformsGiven } = observed.options;
    const failure = await pullImage(reference, arePlatformsGiven ? platforms[0] : undefined, session);
    if (failure !== undefined)
      session.emit({ type: 'note', level: 'warning', message: `could not pull ${reference}: ${failure}` });
    found = await find();
  }
  if (!found) return undefined;
  await engine.tag(found.id, image.reference);
  return engine.image(image.reference);
}
