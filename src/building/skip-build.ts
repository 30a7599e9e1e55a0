import type { ImageConfig } from '../config/config.ts';
import { HarnessError } from '../core/error.ts';
import type { DockerImage } from '../docker/engine.ts';
import { describeChanges } from '../freshness/decide-freshness.ts';
import type { Session } from '../session.ts';
import { compareFiles } from '../sources/file-set.ts';
import { writeRecord } from './build-record.ts';
import type { BuildDecision } from './decide-build.ts';
import type { ImageFreshness } from './inspect-image.ts';

/**
 * Completes the record of a fresh image. An image that was built elsewhere has no record here, and
 * the next verdict should be able to name what changed. Changes outside of `sources` are reported
 * once, because otherwise the user would not notice that the list is too narrow.
 */
export function completeRecord(session: Session, image: ImageConfig, seen: ImageFreshness): void {
  const { config, emit } = session;
  const { observed } = seen;
  const id = seen.found?.id;
  if (seen.record?.digest !== observed.digest) return writeRecord(config, image, { ...observed, story: undefined, id });
  const record = { ...seen.record, id };
  if (seen.record.id !== id) writeRecord(config, image, record);
  if (observed.outside === undefined || record.outside?.digest === observed.outside.digest) return;
  const changes = record.outside ? compareFiles(record.outside, observed.outside) : [];
  if (changes.length > 0) {
    const message = `image ${image.name} is not rebuilt for changes outside of its \`sources\`: ${describeChanges(changes)}`;
    emit({ type: 'note', level: 'warning', message });
  }
  writeRecord(config, image, { ...record, outside: observed.outside });
}

/**
 * Reports an image that is not built, because it is fresh or because test-fast does not build.
 * @param found the image as Docker has it
 * @param ms milliseconds that the decision took
 * @throws HarnessError BUILD if the image does not exist
 */
export function reportSkip(
  session: Session,
  image: ImageConfig,
  { verdict, reason }: BuildDecision,
  found: DockerImage | undefined,
  ms: number,
): void {
  const { emit } = session;
  const id = `build:${image.name}`;
  const isFresh = verdict === 'fresh';
  session.builds.push({ image: image.name, verdict: isFresh ? 'fresh' : 'skipped', reason, ms });
  if (isFresh) {
    const title = `image ${image.name} is up to date (${reason}), skipping build`;
    emit({ type: 'step', id, state: 'skipped', title, ms });
    return;
  }
  if (found === undefined) {
    throw new HarnessError(
      'BUILD',
      `Image ${image.name} (${image.reference}) does not exist, and test-fast does not build images.`,
      {
        next: 'Run `harness test-cached` or `harness build-if-needed` once.',
      },
    );
  }
  const title = `image ${image.name} is stale, but test-fast does not build images`;
  emit({ type: 'step', id, state: 'skipped', title, ms });
  emit({
    type: 'note',
    level: 'warning',
    message: `image ${image.name} is stale (${reason}); test-fast uses the existing image`,
  });
}
