import { newRebuild } from '../caching/rebuilds.ts';
import type { ImageConfig } from '../config/config.ts';
import { ownerOf } from '../config/owner.ts';
import { step } from '../core/step.ts';
import { stopwatch } from '../core/stopwatch.ts';
import type { DockerImage } from '../docker/engine.ts';
import { basesOf } from '../freshness/base-references.ts';
import { secretValue } from '../freshness/build-options.ts';
import { describeChange } from '../freshness/decide-freshness.ts';
import type { ReadImage } from '../facts/read-facts.ts';
import { stampsFor } from '../facts/stamps-for.ts';
import type { ObservedInputs } from '../freshness/read-inputs.ts';
import type { Session } from '../session.ts';
import { buildImage } from './build-image.ts';
import { writeRecord } from './build-record.ts';
import type { ImageBuild } from './build-request.ts';
import { takeCacheImage } from './cache-image.ts';
import type { BuildDecision } from './decide-build.ts';
import { currentBases, sourcesOf, type SettledBase } from './inspect-image.ts';
import { provideBase } from './provide-base.ts';

/** An image that must be built, or taken from its cache image. */
interface WantedImage {
  image: ImageConfig;
  /** The configured images that it is built from. */
  settled: readonly SettledBase[];
  /** These, and the ones that they are built from, as they were read. */
  bases: readonly ReadImage[];
  observed: ObservedInputs;
  decision: BuildDecision;
  /** The cache image to use if the decision is `take`. */
  cacheImage: string | undefined;
  /** Run every step again. */
  noCache: boolean;
}

/**
 * Takes an image from its cache image, or builds it. Builds it too if the cache image cannot be
 * used.
 */
export async function obtainImage(session: Session, wanted: WantedImage): Promise<DockerImage> {
  const { image, observed, decision, cacheImage } = wanted;
  const taken =
    cacheImage !== undefined && decision.action === 'take'
      ? await take(session, image, cacheImage, observed)
      : undefined;
  return taken ?? (await buildWithSummary(session, wanted));
}

/** @returns undefined if the cache image cannot be used after all */
async function take(
  session: Session,
  image: ImageConfig,
  cacheImage: string,
  observed: ObservedInputs,
): Promise<DockerImage | undefined> {
  const elapsed = stopwatch();
  return step(session.emit, `build:${image.name}`, `image ${image.name}: taking ${cacheImage}`, async () => {
    const value = await takeCacheImage(session, image, cacheImage, observed);
    if (!value) return { title: `image ${image.name}: could not use ${cacheImage}`, value };
    writeRecord(session.config, image, { ...observed, story: undefined, id: value.id });
    const reason = `taken from ${cacheImage}, which was built from the same inputs`;
    session.builds.push({ image: image.name, verdict: 'fresh', reason, ms: elapsed() });
    return { title: `image ${image.name} ${reason}`, value };
  });
}

/** Builds an image and adds the result, good or bad, to the run's summary. */
async function buildWithSummary(session: Session, wanted: WantedImage): Promise<DockerImage> {
  const { name } = wanted.image;
  const { reason } = wanted.decision;
  const elapsed = stopwatch();
  const addToSummary = (verdict: 'built' | 'failed', isSameResult = false) =>
    session.builds.push({ image: name, verdict, reason, ...(isSameResult && { sameResult: true }), ms: elapsed() });
  try {
    const { image, isSameResult } = await step(
      session.emit,
      `build:${name}`,
      `image ${name}: building (${reason})`,
      async ({ progress }) => {
        const order = await prepareBuild(session, wanted, progress);
        const value = await buildImage(session.engine, order);
        const outcome = value.isSameResult ? '; the result is the same, so the image before it is kept' : '';
        return { title: `image ${name} built (${reason})${outcome}`, value };
      },
    );
    addToSummary('built', isSameResult);
    return image;
  } catch (error) {
    addToSummary('failed');
    throw error;
  }
}

/** Provides the bases first, so that their ids are known. */
async function prepareBuild(
  session: Session,
  { image, settled, bases, decision, noCache }: WantedImage,
  progress: (detail: string) => void,
): Promise<ImageBuild> {
  const { config, env, signal, redactor } = session;
  // The build may print them.
  for (const secret of Object.values(image.secrets)) redactor.learn(secretValue(secret, env) ?? '');
  const surroundings = { env, platform: await session.engine.platform() };
  for (const reference of basesOf(image, config.stateDirectory, surroundings))
    await provideBase(session, image, reference, progress);
  const { ids, standIns } = await currentBases(session, image, settled);
  return {
    config,
    image,
    sources: sourcesOf(session),
    bases: ids,
    standIns,
    stamp: (observed) => stampsFor(session, { image, observed }, bases),
    rebuild: noCache ? newRebuild() : undefined,
    env,
    owner: await ownerOf(config),
    why: { reason: decision.reason, changes: decision.changes.map(describeChange) },
    warn: (message) => session.emit({ type: 'note', level: 'warning', message }),
    signal,
    onLine: progress,
  };
}
