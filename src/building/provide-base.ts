import type { ImageConfig } from '../config/config.ts';
import { oncePer } from '../core/once-per.ts';
import type { DockerImage } from '../docker/engine.ts';
import { NATIVE_PLATFORM } from '../docker/platform.ts';
import { canonicalName } from '../docker/reference.ts';
import { pullImage } from '../docker/registry-client.ts';
import { buildOptions } from '../freshness/build-options.ts';
import type { Session } from '../session.ts';

/** Base images that are being pulled or made in a run, by reference or release. */
const beingProvided = oncePer<Session, Map<string, Promise<void>>>(() => new Map());

/**
 * The local image that stands in for a base, where the configuration allows one and it is there.
 */
export async function standInFor(
  session: Session,
  image: ImageConfig,
  reference: string,
): Promise<(DockerImage & { reference: string }) | undefined> {
  const suite = image.debianBases[reference];
  if (suite === undefined) return undefined;
  const standIn = `kind-harness/debian:${suite}`;
  const found = await session.engine.image(standIn);
  return found && { ...found, reference: standIn };
}

/**
 * Makes sure that Docker has an image's base, as far as it can be had: then its id is known, and a
 * base that is replaced is noticed. Where no registry offers it, a stand-in is made from Debian's
 * packages if the configuration allows one; else the build will say what is wrong.
 * @throws HarnessError NODE_IMAGE when the stand-in cannot be made
 */
export async function provideBase(
  session: Session,
  image: ImageConfig,
  reference: string,
  progress: (detail: string) => void,
): Promise<void> {
  const { engine, config } = session;
  const provided = beingProvided(session);
  if ((await engine.image(reference)) || (await standInFor(session, image, reference))) return;
  // not built: test-fast
  if (config.images.some((other) => canonicalName(other.reference) === canonicalName(reference))) return;
  const suite = image.debianBases[reference];
  const key = suite ?? reference;
  const known =
    provided.get(key) ??
    (suite === undefined ? pullBase(session, image, reference) : makeStandIn(session, reference, suite));
  provided.set(key, known);
  progress(`waiting for the base ${reference}`);
  await known;
}

/**
 * For another platform than Docker's own, BuildKit is left alone: the engine keeps one image by a
 * name, and that one is not it.
 */
async function pullBase(session: Session, image: ImageConfig, reference: string): Promise<void> {
  const { platforms, arePlatformsGiven } = buildOptions(image, session.env);
  if (platforms.join() === NATIVE_PLATFORM)
    await pullImage(reference, arePlatformsGiven ? NATIVE_PLATFORM : undefined, session);
}

async function makeStandIn(session: Session, reference: string, suite: string): Promise<void> {
  const { engine, emit, env, signal } = session;
  const { whyNotPullable } = await import('../system-images/pull.ts');
  const why = await whyNotPullable(engine, reference);
  if (why === undefined) return;
  emit({
    type: 'note',
    level: 'info',
    message: `${reference} cannot be pulled (${why}); an image made from Debian's packages stands in for it`,
  });
  const { ensureDebianBase } = await import('../system-images/debian-base.ts');
  await ensureDebianBase(engine, suite, { emit, env, signal });
}
