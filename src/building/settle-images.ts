import type { ImageConfig, Tier } from '../config/config.ts';
import { HarnessError } from '../core/error.ts';
import { step } from '../core/step.ts';
import { stopwatch } from '../core/stopwatch.ts';
import type { DockerImage } from '../docker/engine.ts';
import { canonicalName } from '../docker/reference.ts';
import { basesOf } from '../freshness/base-references.ts';
import { describeChange, describeChanges } from '../freshness/decide-freshness.ts';
import type { Session } from '../session.ts';
import { compareFiles } from '../sources/file-set.ts';
import { buildImage } from './build-image.ts';
import { writeRecord } from './build-record.ts';
import { matchingCacheImage, takeCacheImage } from './cache-image.ts';
import { decideBuild, type BuildDecision } from './decide-build.ts';
import { buildOrder } from './decide-order.ts';
import { currentBases, inspectImage, sourcesOf, type ImageFreshness, type SettledBase } from './inspect-image.ts';
import { provideBase } from './provide-base.ts';

/** What a run knows of an image once its turn has come. */
export interface ImageOutcome {
  image: ImageConfig;
  decision: BuildDecision;
  /** What was seen before anything was done. */
  seen: ImageFreshness;
  /** The image as Docker has it now; undefined when it was neither there nor built. */
  built: DockerImage | undefined;
}

/** How builds are decided in this run. */
export interface BuildPolicy {
  tier: Tier;
  /** Build whatever the verdict. */
  force?: boolean;
  /** Build with no cache at all. */
  noCache?: boolean;
  /** Only look: an image that is due counts as pending for those built from it. */
  lookOnly?: boolean;
}

/**
 * Decides and, where due, builds each image; images that are built from others wait for those, all
 * others go side by side.
 * @param images which ones; those they are built from come along
 * @returns a promise for each image, so that each can travel as soon as it is there
 */
export function settleImages(
  session: Session,
  images: readonly ImageConfig[],
  policy: BuildPolicy,
): Map<string, Promise<ImageOutcome>> {
  const needs = new Map(session.config.images.map((image) => [image.name, configuredBases(session, image)]));
  const wanted = new Set<string>();
  const want = (name: string) => {
    wanted.add(name);
    needs.get(name)?.forEach(want);
  };
  const order = buildOrder(needs);
  images.forEach((image) => want(image.name));

  const outcomes = new Map<string, Promise<ImageOutcome>>();
  for (const name of order.filter((candidate) => wanted.has(candidate))) {
    const image = session.config.images.find((candidate) => candidate.name === name) as ImageConfig;
    const bases = Promise.all((needs.get(name) ?? []).map((base) => outcomes.get(base) as Promise<ImageOutcome>));
    const outcome = bases.then((settled) => settleImage(session, image, settled, policy));
    outcome.catch(() => undefined); // whoever awaits it hears of it; nobody may, when another image failed first
    outcomes.set(name, outcome);
  }
  return outcomes;
}

/** Names of the configured images that an image is built from. */
function configuredBases({ config, env }: Session, image: ImageConfig): string[] {
  const references = basesOf(image, config.stateDirectory, env).map(canonicalName);
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
  const settled = bases.map((base): SettledBase => {
    return {
      image: base.image,
      built: base.built,
      pending: policy.lookOnly === true && base.decision.action === 'build',
    };
  });
  const seen = await inspectImage(session, image, settled);
  const mayTake = seen.freshness.verdict !== 'fresh' && policy.tier === 'test-cached' && !policy.force;
  const cacheImage = mayTake ? await matchingCacheImage(session, image, seen.observed) : undefined;
  const decision = decideBuild(seen.freshness, { ...policy, ...(cacheImage === undefined ? {} : { cacheImage }) });
  const ms = elapsed();
  if (policy.lookOnly) return { image, decision, seen, built: seen.found };
  if (seen.freshness.verdict === 'fresh') keepRecord(session, image, seen);
  if (decision.action === 'skip') {
    reportSkip(session, image, decision, seen.found, ms);
    return { image, decision, seen, built: seen.found };
  }
  const taken =
    cacheImage !== undefined && decision.action === 'take' ? await take(session, image, cacheImage, seen) : undefined;
  const built = taken ?? (await buildAndSay(session, image, settled, decision, policy.noCache ?? false));
  return { image, decision, seen, built };
}

/** @returns undefined when it could not be had after all */
async function take(
  session: Session,
  image: ImageConfig,
  cacheImage: string,
  { observed }: ImageFreshness,
): Promise<DockerImage | undefined> {
  const elapsed = stopwatch();
  return step(session.emit, `build:${image.name}`, `image ${image.name}: taking ${cacheImage}`, async () => {
    const value = await takeCacheImage(session, image, cacheImage, observed);
    if (!value) return { title: `image ${image.name}: ${cacheImage} could not be had`, value };
    writeRecord(session.config, image, { ...observed, story: undefined });
    const reason = `taken from ${cacheImage}, which was built from the same inputs`;
    session.builds.push({ image: image.name, verdict: 'fresh', reason, ms: elapsed() });
    return { title: `image ${image.name} ${reason}`, value };
  });
}

async function buildAndSay(
  session: Session,
  image: ImageConfig,
  settled: readonly SettledBase[],
  { reason, changes }: BuildDecision,
  noCache: boolean,
): Promise<DockerImage> {
  const { engine, emit, config, env, signal } = session;
  const elapsed = stopwatch();
  const note = (verdict: 'built' | 'failed') =>
    session.builds.push({ image: image.name, verdict, reason, ms: elapsed() });
  try {
    const built = await step(
      emit,
      `build:${image.name}`,
      `image ${image.name}: building (${reason})`,
      async ({ progress }) => {
        for (const reference of basesOf(image, config.stateDirectory, env))
          await provideBase(session, image, reference, progress);
        const { ids, standIns } = await currentBases(session, image, settled);
        const why = { reason, changes: changes.map(describeChange) };
        const order = {
          config,
          image,
          sources: sourcesOf(session),
          bases: ids,
          standIns,
          noCache,
          env,
          why,
          signal,
          onLine: progress,
        };
        return { title: `image ${image.name} built (${reason})`, value: await buildImage(engine, order) };
      },
    );
    note('built');
    return built;
  } catch (error) {
    note('failed');
    throw error;
  }
}

/**
 * Keeps the record of a fresh image complete: an image that was built elsewhere has none here, and
 * the next verdict should be able to name what changed. What changed outside of `sources` is said
 * once: nobody else would notice when that list is too narrow.
 */
function keepRecord(session: Session, image: ImageConfig, { record, observed }: ImageFreshness): void {
  const { config, emit } = session;
  if (record?.digest !== observed.digest) return writeRecord(config, image, { ...observed, story: undefined });
  if (observed.outside === undefined || record.outside?.digest === observed.outside.digest) return;
  const changes = record.outside ? compareFiles(record.outside, observed.outside) : [];
  if (changes.length > 0) {
    const message = `image ${image.name}: outside of its \`sources\`, and so no reason to build: ${describeChanges(changes)}`;
    emit({ type: 'note', level: 'warning', message });
  }
  writeRecord(config, image, { ...record, outside: observed.outside });
}

function reportSkip(
  session: Session,
  image: ImageConfig,
  decision: BuildDecision,
  before: DockerImage | undefined,
  ms: number,
): void {
  const { emit } = session;
  const fresh = decision.verdict === 'fresh';
  session.builds.push({ image: image.name, verdict: fresh ? 'fresh' : 'skipped', reason: decision.reason, ms });
  if (fresh) {
    const title = `image ${image.name} is up to date (${decision.reason}), skipping build`;
    emit({ type: 'step', id: `build:${image.name}`, state: 'skipped', title, ms });
    return;
  }
  if (before === undefined) {
    throw new HarnessError(
      'BUILD',
      `The image ${image.name} (${image.reference}) does not exist, and this tier never builds.`,
      {
        next: 'Run `harness test-cached` or `harness build-if-needed` once.',
      },
    );
  }
  emit({
    type: 'step',
    id: `build:${image.name}`,
    state: 'skipped',
    title: `image ${image.name} is stale, not built in this tier`,
    ms,
  });
  emit({
    type: 'note',
    level: 'warning',
    message: `image ${image.name} is stale (${decision.reason}); test-fast tests what was built before`,
  });
}
