import type { DockerImage } from '../drivers/docker.ts';
import type { ImageConfig } from '../model/config.ts';
import type { Session } from './session.ts';

/** The local image that stands in for a base, where the configuration allows one and it is there. */
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
 * Makes sure that a build will find its base: nothing to do where the engine has it, where no stand-in is allowed, or where a registry
 * offers it; else the stand-in is made from Debian's packages.
 * @throws HarnessError NODE_IMAGE when it cannot be made
 */
export async function provideBase(
  session: Session,
  image: ImageConfig,
  reference: string,
  progress: (detail: string) => void,
): Promise<void> {
  const suite = image.debianBases[reference];
  if (suite === undefined || (await session.engine.image(reference)) || (await standInFor(session, image, reference))) return;
  const known = session.debianBases.get(suite) ?? makeStandIn(session, reference, suite);
  session.debianBases.set(suite, known);
  progress(`waiting for the base ${reference}`);
  await known;
}

async function makeStandIn(session: Session, reference: string, suite: string): Promise<void> {
  const { engine, emit, env, signal } = session;
  const { whyNotPullable } = await import('../node-image/pull.ts');
  const why = await whyNotPullable(engine, reference);
  if (why === undefined) return;
  emit({
    type: 'note',
    level: 'info',
    message: `${reference} cannot be pulled (${why}); an image made from Debian's packages stands in for it`,
  });
  const { ensureDebianBase } = await import('../node-image/debian-base.ts');
  await ensureDebianBase(engine, suite, { emit, env, signal });
}
