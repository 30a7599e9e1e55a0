import type { ImageConfig } from '../config/config.ts';
import { LABELS } from '../core/labels.ts';
import { oncePer } from '../core/once-per.ts';
import type { DockerImage } from '../docker/engine.ts';
import { canonicalName } from '../docker/reference.ts';
import { basesOf } from '../freshness/base-references.ts';
import { decideFreshness, type FreshnessDecision } from '../freshness/decide-freshness.ts';
import { compareInputs } from '../freshness/inputs.ts';
import { SourceReader, type ObservedInputs } from '../freshness/read-inputs.ts';
import type { Session } from '../session.ts';
import { readRecord, type BuildRecord } from './build-record.ts';
import { standInFor } from './provide-base.ts';

/** An image beside its inputs, and the verdict on it. */
export interface ImageFreshness {
  freshness: FreshnessDecision;
  /** The image as Docker has it; undefined where it has none. */
  found: DockerImage | undefined;
  observed: ObservedInputs;
  /** What is known of its last build. */
  record: BuildRecord | undefined;
  /** The file that was modified last, milliseconds since the epoch. */
  newest: { path: string; modified: number } | undefined;
  /** How many of its files are newer than it is. */
  newerFiles: number;
}

/** An image of the configuration whose turn has come already. */
export interface SettledBase {
  image: ImageConfig;
  built: DockerImage | undefined;
  /** Whether it is due, in a run that only looks. */
  pending: boolean;
}

/**
 * Looks at an image and at all its inputs.
 * @param settled the images of the configuration that it is built from
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
  const label = found?.labels[LABELS.inputs];
  const newest = observed.context.newest(observed.counts);
  // What BuildKit finds in its cache bears the date of an earlier build, so this one's is taken
  // where it is known.
  const builtAt = record !== undefined && record.digest === label ? record.story?.at : undefined;
  const made = found ? Math.max(found.created.getTime(), builtAt ?? 0) : Infinity;
  const newerFiles = newest && newest.modified > made ? observed.context.newerThan(made, observed.counts).length : 0;
  const freshness = decideFreshness({
    exists: found !== undefined,
    ...(label === undefined ? {} : { builtFrom: label }),
    digest: observed.digest,
    files: Object.values(observed.inputs.trees).reduce((sum, { count }) => sum + count, 0),
    changesSince: (digest) => (record?.digest === digest ? compareInputs(record.inputs, observed.inputs) : undefined),
    pendingBases: settled.filter(({ pending }) => pending).map((base) => base.image.name),
    newerFiles,
  });
  return { freshness, found, observed, record, newest, newerFiles };
}

/** What reads sources in a run: what was read once is not read again. */
export const sourcesOf: (session: Session) => SourceReader = oncePer(
  ({ config, env }) => new SourceReader({ stateDirectory: config.stateDirectory, env }),
);

/**
 * What stands for each base of an image now: the digest takes its id, and BuildKit a named context
 * where something stands in.
 */
export async function currentBases(
  session: Session,
  image: ImageConfig,
  settled: readonly SettledBase[],
): Promise<{ ids: Record<string, string>; standIns: Record<string, string> }> {
  const ids: Record<string, string> = {};
  const standIns: Record<string, string> = {};
  for (const reference of basesOf(image, session.config.stateDirectory, session.env)) {
    const configured = settled.find((base) => canonicalName(base.image.reference) === canonicalName(reference));
    const local = configured ? configured.built : await session.engine.image(reference);
    const standIn = local || configured ? undefined : await standInFor(session, image, reference);
    if (standIn) standIns[reference] = `docker-image://${standIn.reference}`;
    ids[reference] = local?.id ?? standIn?.id ?? (configured ? 'pending' : 'external');
  }
  return { ids, standIns };
}
