import { buildImage } from '../act/build.ts';
import { readRecord, writeRecord, type BuildRecord } from '../act/build-record.ts';
import { compareInputs } from '../model/inputs.ts';
import type { DockerImage } from '../drivers/docker.ts';
import type { ImageConfig, Tier } from '../model/config.ts';
import { HarnessError } from '../model/error.ts';
import { LABELS, type BuildDecision } from '../model/image.ts';
import { canonicalName } from '../model/reference.ts';
import { newerThan } from '../observe/context.ts';
import { basesOf, type ObservedInputs } from '../observe/inputs.ts';
import { buildOrder } from '../plan/build-order.ts';
import { decideBuild, decideFreshness, describeChanges } from '../plan/freshness.ts';
import { step } from '../report/step.ts';
import { provideBase, standInFor } from './bases.ts';
import type { Session } from './session.ts';

/** What a run knows of an image once its turn has come. */
export interface ImageOutcome {
  image: ImageConfig;
  decision: BuildDecision;
  /** The image as Docker has it now; undefined when it was neither there nor built. */
  built: DockerImage | undefined;
  /** Milliseconds that the verdict took. */
  checkMs: number;
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
 * Decides and, where due, builds each image; images that are built from others wait for those, all others go side by side.
 * @param images which ones; those they are built from come along
 * @returns a promise for each image, so that each can travel as soon as it is there
 */
export function settleImages(session: Session, images: readonly ImageConfig[], policy: BuildPolicy): Map<string, Promise<ImageOutcome>> {
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

/** Names of the configured images that an image's Dockerfile starts from. */
function configuredBases({ config }: Session, image: ImageConfig): string[] {
  const references = basesOf(image).map(canonicalName);
  return config.images.filter((other) => other !== image && references.includes(canonicalName(other.reference))).map((other) => other.name);
}

async function settleImage(session: Session, image: ImageConfig, settled: ImageOutcome[], policy: BuildPolicy): Promise<ImageOutcome> {
  const { engine, emit } = session;
  const start = performance.now();
  const before = await engine.image(image.reference);
  const bases = await currentBases(session, image, settled);
  const observed = session.sources.read(image, bases.ids);
  const label = before?.labels[LABELS.inputs];
  const record = readRecord(session.config, image);
  const freshness = decideFreshness({
    exists: before !== undefined,
    ...(label === undefined ? {} : { builtFrom: label }),
    digest: observed.digest,
    inputs: observed.inputs,
    ...(record === undefined ? {} : { record }),
    pendingBases: settled.filter((base) => policy.lookOnly && base.decision.action === 'build').map((base) => base.image.name),
    newerFiles: before ? newerThan(observed.context, before.created.getTime()).length : 0,
  });
  const decision = decideBuild(policy.tier, freshness, policy.force);
  const checkMs = Math.round(performance.now() - start);
  if (policy.lookOnly) return { image, decision, built: before, checkMs };
  if (freshness.verdict === 'fresh') keepRecord(session, image, record, observed);
  if (decision.action === 'skip') {
    sayWhySkipped(session, image, decision, before, checkMs);
    return { image, decision, built: before, checkMs };
  }

  const buildStart = performance.now();
  const id = `build:${image.name}`;
  try {
    const built = await step(emit, id, `image ${image.name}: building (${decision.reason})`, async (handle) => {
      await provideBases(session, image, handle.progress);
      const ready = await currentBases(session, image, settled);
      const value = await buildImage(engine, {
        config: session.config,
        image,
        sources: session.sources,
        bases: ready.ids,
        contexts: ready.contexts,
        noCache: policy.noCache ?? false,
        signal: session.signal,
        onLine: handle.progress,
      });
      return { title: `image ${image.name} built (${decision.reason})`, value };
    });
    const ms = Math.round(performance.now() - buildStart);
    session.builds.push({ image: image.name, verdict: 'built', reason: decision.reason, ms });
    return { image, decision, built, checkMs };
  } catch (error) {
    const ms = Math.round(performance.now() - buildStart);
    session.builds.push({ image: image.name, verdict: 'failed', reason: decision.reason, ms });
    throw error;
  }
}

/**
 * Keeps the record of a fresh image complete: an image that was built elsewhere has none here, and the next verdict should be able to name
 * what changed. What changed outside of `sources` is said once: nobody else would notice when that list is too narrow.
 */
function keepRecord(session: Session, image: ImageConfig, record: BuildRecord | undefined, observed: ObservedInputs): void {
  if (record?.digest !== observed.digest) return writeRecord(session.config, image, observed);
  const nothing = { settings: {}, bases: {} };
  const changes = compareInputs({ ...nothing, files: record.outside }, { ...nothing, files: observed.outside });
  if (changes.length === 0) return;
  const message = `image ${image.name}: outside of its \`sources\`, and so no reason to build: ${describeChanges(changes)}`;
  session.emit({ type: 'note', level: 'warning', message });
  writeRecord(session.config, image, { ...record, outside: observed.outside });
}

function sayWhySkipped(session: Session, image: ImageConfig, decision: BuildDecision, before: DockerImage | undefined, ms: number): void {
  const { emit } = session;
  const fresh = decision.verdict === 'fresh';
  session.builds.push({ image: image.name, verdict: fresh ? 'fresh' : 'skipped', reason: decision.reason, ms });
  if (fresh) {
    const title = `image ${image.name} is up to date (${decision.reason}), skipping build`;
    emit({ type: 'step', id: `build:${image.name}`, state: 'skipped', title, ms });
    return;
  }
  if (before === undefined) {
    throw new HarnessError('BUILD', `The image ${image.name} (${image.reference}) does not exist, and this tier never builds.`, {
      next: 'Run `harness test-cached` or `harness build-if-needed` once.',
    });
  }
  emit({ type: 'step', id: `build:${image.name}`, state: 'skipped', title: `image ${image.name} is stale, not built in this tier`, ms });
  emit({
    type: 'note',
    level: 'warning',
    message: `image ${image.name} is stale (${decision.reason}); test-fast tests what was built before`,
  });
}

/** What stands for each base of an image now: the digest takes its id, and BuildKit a named context where something stands in. */
async function currentBases(
  session: Session,
  image: ImageConfig,
  settled: ImageOutcome[],
): Promise<{ ids: Record<string, string>; contexts: Record<string, string> }> {
  const ids: Record<string, string> = {};
  const contexts: Record<string, string> = {};
  for (const reference of basesOf(image)) {
    const configured = settled.find((outcome) => canonicalName(outcome.image.reference) === canonicalName(reference));
    const local = configured ? configured.built : await session.engine.image(reference);
    const standIn = local || configured ? undefined : await standInFor(session, image, reference);
    if (standIn) contexts[reference] = `docker-image://${standIn.reference}`;
    ids[reference] = local?.id ?? standIn?.id ?? (configured ? 'pending' : 'external');
  }
  return { ids, contexts };
}

async function provideBases(session: Session, image: ImageConfig, progress: (detail: string) => void): Promise<void> {
  for (const reference of basesOf(image)) await provideBase(session, image, reference, progress);
}
