import type { ImageConfig } from '../config/config.ts';
import { oncePer } from '../core/once-per.ts';
import type { DockerImage } from '../docker/engine.ts';
import { canonicalName } from '../docker/reference.ts';
import { basesOf, triggeredBases } from '../freshness/base-references.ts';
import { decideFreshness, type FreshnessDecision } from '../freshness/decide-freshness.ts';
import { compareInputs } from '../freshness/inputs.ts';
import { NOT_KNOWN } from '../freshness/judge-sources.ts';
import { SourceReader, type ObservedInputs } from '../freshness/read-inputs.ts';
import type { Session } from '../session.ts';
import { builtFrom, readRecord, type BuildRecord } from './build-record.ts';
import { originOf } from './origin.ts';
import { standInFor } from './provide-base.ts';

/** An image, its inputs and the verdict. */
export interface ImageFreshness {
  freshness: FreshnessDecision;
  /** The image as Docker has it; undefined if it does not exist. */
  found: DockerImage | undefined;
  observed: ObservedInputs;
  /** What is known about its last build. */
  record: BuildRecord | undefined;
  /** The file that was modified last; time in milliseconds since the epoch. */
  newest: { path: string; modified: number } | undefined;
  /** How many source files are newer than the image. */
  newerFiles: number;
}

/** A configured image that has been settled already. */
export interface SettledBase {
  image: ImageConfig;
  built: DockerImage | undefined;
  /** Whether it must be built, in a run that only decides. */
  pending: boolean;
}

/**
 * Reads an image and all its inputs, and decides whether it is fresh.
 * @param settled the configured images that it is built from
 */
export async function inspectImage(
  session: Session,
  image: ImageConfig,
  settled: readonly SettledBase[],
): Promise<ImageFreshness> {
  const { engine, config } = session;
  const found = await engine.image(image.reference);
  const observed = await sourcesOf(session).read(image, (await currentBases(session, image, settled)).ids);
  const record = readRecord(config, image);
  const from = builtFrom(found, record, observed.digest);
  const newest = observed.context.newest(observed.counts);
  // An image from BuildKit's cache has the date of an earlier build, so the recorded time is used
  // if there is one.
  const recordedAt = record !== undefined && record.digest === from ? record.story?.at : undefined;
  const made = found ? Math.max(found.created.getTime(), recordedAt ?? 0) : Infinity;
  const newerFiles = newest && newest.modified > made ? observed.context.newerThan(made, observed.counts).length : 0;
  const freshness = decideFreshness({
    exists: found !== undefined,
    builtFrom: from,
    origin: found && from === observed.digest ? await originOf(engine, found, record?.id) : 'unproven',
    builtAt: recordedAt ?? creationTime(found, observed),
    now: Date.now(),
    digest: observed.digest,
    files: Object.values(observed.inputs.trees).reduce((sum, { count }) => sum + count, 0),
    changesSince: (digest) => (record?.digest === digest ? compareInputs(record.inputs, observed.inputs) : undefined),
    uncounted: (record?.digest === NOT_KNOWN && record.uncounted) || [],
    pendingBases: settled.filter(({ pending }) => pending).map((base) => base.image.name),
    newerFiles,
  });
  return { freshness, found, observed, record, newest, newerFiles };
}

/** When Docker says that an image was created; undefined if the build did not use the real time. */
function creationTime(image: DockerImage | undefined, { options }: ObservedInputs): number | undefined {
  const created = image?.created.getTime() ?? 0;
  return created > 0 && options.args['SOURCE_DATE_EPOCH'] === undefined ? created : undefined;
}

/** The reader of sources in a run. It does not read the same sources twice. */
export const sourcesOf: (session: Session) => SourceReader = oncePer(
  ({ config, env, engine }) =>
    new SourceReader({ stateDirectory: config.stateDirectory, env, platform: () => engine.platform() }),
);

/**
 * The current ids of an image's bases, for the digest, and the named contexts that make BuildKit
 * use stand-ins.
 */
export async function currentBases(
  session: Session,
  image: ImageConfig,
  settled: readonly SettledBase[],
): Promise<{ ids: Record<string, string>; standIns: Record<string, string> }> {
  const ids: Record<string, string> = {};
  const standIns: Record<string, string> = {};
  const triggers: string[] = [];
  const look = async (reference: string) => {
    const configured = settled.find((base) => canonicalName(base.image.reference) === canonicalName(reference));
    const local = configured ? configured.built : await session.engine.image(reference);
    const standIn = local || configured ? undefined : await standInFor(session, image, reference);
    if (standIn) standIns[reference] = `docker-image://${standIn.reference}`;
    ids[reference] = local?.id ?? standIn?.id ?? (configured ? 'pending' : 'external');
    triggers.push(...(local?.onBuild ?? []));
  };
  const { config, env, engine } = session;
  const surroundings = { env, platform: await engine.platform() };
  for (const reference of basesOf(image, config.stateDirectory, surroundings)) await look(reference);
  for (const reference of triggeredBases(image, triggers)) if (!(reference in ids)) await look(reference);
  return { ids, standIns };
}
