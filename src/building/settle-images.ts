import type { ImageConfig, Tier } from '../config/config.ts';
import { stopwatch } from '../core/stopwatch.ts';
import type { DockerImage } from '../docker/engine.ts';
import { canonicalName } from '../docker/reference.ts';
import { basesOf } from '../freshness/base-references.ts';
import { NOT_KNOWN } from '../freshness/judge-sources.ts';
import type { ReadImage } from '../facts/read-facts.ts';
import { applyTags } from '../facts/tags.ts';
import type { Session } from '../session.ts';
import { builtFrom, readRecord, type BuildRecord } from './build-record.ts';
import { matchingCacheImage } from './cache-image.ts';
import { decideBuild, type BuildDecision } from './decide-build.ts';
import { buildOrder } from './decide-order.ts';
import { inspectImage, sourcesOf, type ImageFreshness, type SettledBase } from './inspect-image.ts';
import { obtainImage } from './obtain-image.ts';
import { refuseOthers } from './origin.ts';
import { provideBase } from './provide-base.ts';
import { completeRecord, reportSkip } from './skip-build.ts';

/** What a run knows about an image once it is settled: its verdict, and the image that resulted. */
export interface ImageOutcome {
  image: ImageConfig;
  decision: BuildDecision;
  /** What was observed before anything was done. */
  seen: ImageFreshness;
  /** The image as Docker has it now; undefined if it neither existed nor was built. */
  built: DockerImage | undefined;
  /** The images that it is built from, and the ones that these are built from, as they were read. */
  bases: ReadImage[];
}

/** How builds are decided in this run. */
export interface BuildPolicy {
  tier: Tier;
  /** Build regardless of the verdict. */
  force?: boolean;
  /** Run every step of each build again. */
  noCache?: boolean;
  /** Only decide. An image that must be built counts as pending for the images built from it. */
  lookOnly?: boolean;
}

/**
 * Decides for each image whether it must be built, and builds it if so. An image waits for the
 * images it is built from; all others run in parallel.
 * @param images which ones; the images they are built from are included
 * @returns a promise for each image, so that each can be loaded as soon as it is ready
 */
export async function settleImages(
  session: Session,
  images: readonly ImageConfig[],
  policy: BuildPolicy,
): Promise<Map<string, Promise<ImageOutcome>>> {
  const platform = await session.engine.platform();
  const needs = new Map(session.config.images.map((image) => [image.name, configuredBases(session, image, platform)]));
  const included = new Set<string>();
  const include = (name: string) => {
    included.add(name);
    needs.get(name)?.forEach(include);
  };
  const order = buildOrder(needs);
  images.forEach((image) => include(image.name));

  const outcomes = new Map<string, Promise<ImageOutcome>>();
  for (const name of order.filter((candidate) => included.has(candidate))) {
    const image = session.config.images.find((candidate) => candidate.name === name) as ImageConfig;
    const bases = Promise.all((needs.get(name) ?? []).map((base) => outcomes.get(base) as Promise<ImageOutcome>));
    const outcome = bases.then((settled) => settleImage(session, image, settled, policy));
    // The caller that awaits the outcome reports its error. If another image fails first, none
    // does.
    outcome.catch(() => undefined);
    outcomes.set(name, outcome);
  }
  return outcomes;
}

/** Names of the configured images that an image is built from. */
function configuredBases({ config, env }: Session, image: ImageConfig, platform: string): string[] {
  const references = basesOf(image, config.stateDirectory, { env, platform }).map(canonicalName);
  return config.images
    .filter((other) => references.includes(canonicalName(other.reference)))
    .map((other) => other.name);
}

async function settleImage(
  session: Session,
  image: ImageConfig,
  bases: ImageOutcome[],
  policy: BuildPolicy,
): Promise<ImageOutcome> {
  const elapsed = stopwatch();
  const settled = bases.map((base) => settledBase(base, policy));
  const seen = await inspectWithBases(session, image, settled, policy);
  const cacheImage = await usableCacheImage(session, image, seen, policy);
  const decision = decideBuild(seen.freshness, { ...policy, cacheImage });
  const ms = elapsed();
  const from = bases.flatMap((base) => [{ image: base.image, observed: base.seen.observed }, ...base.bases]);
  const outcome = (built: DockerImage | undefined): ImageOutcome => ({ image, decision, seen, built, bases: from });
  if (policy.lookOnly) return outcome(seen.found);
  if (seen.freshness.verdict === 'fresh') completeRecord(session, image, seen);
  const named = async (built: DockerImage, record: BuildRecord | undefined): Promise<ImageOutcome> => {
    if (image.maxSize !== undefined)
      await (await import('../sizes/weigh-images.ts')).refuseTooLarge(session, image, built); // before it gets names
    // Its label or record tells what a build used: a base may have come, or a source changed, while it waited.
    const { digest } = seen.observed;
    const inputs = builtFrom(built, record, digest);
    const isAsSeen = inputs === undefined || inputs === NOT_KNOWN || inputs === digest;
    const { bases: ids } = seen.observed.inputs;
    const now = isAsSeen ? seen.observed : { ...(await sourcesOf(session).read(image, ids)), digest: inputs };
    await applyTags(session, { image, observed: now }, from, built);
    return outcome(built);
  };
  if (decision.action === 'skip') {
    reportSkip(session, image, decision, seen.found, ms);
    return decision.verdict === 'fresh' && seen.found ? named(seen.found, seen.record) : outcome(seen.found);
  }
  await refuseOthers(session, image, seen.found);
  const { observed } = seen;
  const wanted = { image, settled, bases: from, observed, decision, cacheImage, noCache: policy.noCache ?? false };
  const obtained = await obtainImage(session, wanted);
  return named(obtained, readRecord(session.config, image));
}

function settledBase({ image, built, decision }: ImageOutcome, { lookOnly }: BuildPolicy): SettledBase {
  return { image, built, pending: lookOnly === true && decision.action === 'build' };
}

/**
 * Inspects an image. On a machine that has not built it before, Docker may lack its bases, and their
 * ids are part of the inputs. If a cache image could be used, they are pulled first: without them,
 * none would ever match. Their layers are part of the cache image anyway.
 */
async function inspectWithBases(
  session: Session,
  image: ImageConfig,
  settled: readonly SettledBase[],
  policy: BuildPolicy,
): Promise<ImageFreshness> {
  const seen = await inspectImage(session, image, settled);
  const { bases } = seen.observed.inputs;
  const unknown = Object.keys(bases).filter((reference) => bases[reference] === 'external');
  if (image.cacheImage === undefined || unknown.length === 0 || policy.lookOnly || !mayTake(seen, policy)) return seen;
  for (const reference of unknown) await provideBase(session, image, reference, () => undefined);
  return inspectImage(session, image, settled);
}

/** Whether this run may use a cache image instead of a build. */
function mayTake({ freshness }: ImageFreshness, { tier, force }: BuildPolicy): boolean {
  return freshness.verdict !== 'fresh' && tier === 'test-cached' && !force;
}

/** The cache image, if this run may use one and it matches the inputs. */
async function usableCacheImage(
  session: Session,
  image: ImageConfig,
  seen: ImageFreshness,
  policy: BuildPolicy,
): Promise<string | undefined> {
  return mayTake(seen, policy) ? matchingCacheImage(session, image, seen.observed) : undefined;
}
