import type { ImageConfig } from '../config/config.ts';
import { oncePer } from '../core/once-per.ts';
import type { DockerImage } from '../docker/engine.ts';
import { canonicalName } from '../docker/reference.ts';
import { pullImage } from '../docker/registry-client.ts';
import { buildOptions } from '../freshness/build-options.ts';
import type { Session } from '../session.ts';

/** Base images that are being pulled or built in a run, by reference or release. */
const beingProvided = oncePer<Session, Map<string, Promise<void>>>(() => new Map());

/** The local stand-in for a base, if the configuration allows one and it exists. */
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
 * Makes sure that Docker has an image's base if possible, so that its id is known and a replaced
 * base is noticed. If no registry offers it, a stand-in is built from Debian packages, provided the
 * configuration allows one. Otherwise the build reports the error.
 * @throws HarnessError NODE_IMAGE when the stand-in cannot be built
 */
export async function provideBase(
  session: Session,
  image: ImageConfig,
  reference: string,
  progress: (detail: string) => void,
): Promise<void> {
  const { engine, config } = session;
  const pending = beingProvided(session);
  if ((await engine.image(reference)) || (await standInFor(session, image, reference))) return;
  // a configured base that was not built: test-fast
  if (config.images.some((other) => canonicalName(other.reference) === canonicalName(reference))) return;
  const suite = image.debianBases[reference];
  const key = suite ?? reference;
  const provided =
    pending.get(key) ??
    (suite === undefined ? pullBase(session, image, reference) : buildStandIn(session, reference, suite));
  pending.set(key, provided);
  progress(`waiting for the base image ${reference}`);
  await provided;
}

/**
 * Pulls a base for Docker's own platform. For any other platform BuildKit gets the base itself: the
 * engine keeps one image per name, which is not the one that the build needs.
 */
async function pullBase(session: Session, image: ImageConfig, reference: string): Promise<void> {
  const native = await session.engine.platform();
  const { platforms, arePlatformsGiven } = buildOptions(image, { env: session.env, platform: native });
  if (platforms.join() === native) await pullImage(reference, arePlatformsGiven ? native : undefined, session);
}

async function buildStandIn(session: Session, reference: string, suite: string): Promise<void> {
  const { engine, emit, env, signal } = session;
  const { whyNotPullable } = await import('../system-images/pull.ts');
  const obstacle = await whyNotPullable(engine, reference);
  if (obstacle === undefined) return;
  emit({
    type: 'note',
    level: 'info',
    message: `could not pull ${reference} (${obstacle}); using an image built from Debian packages instead`,
  });
  const { ensureDebianBase } = await import('../system-images/debian-base.ts');
  await ensureDebianBase(engine, suite, { emit, env, signal });
}
