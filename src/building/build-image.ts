import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildAlone } from '../caching/build-alone.ts';
import { decideRebuild } from '../caching/decide-rebuild.ts';
import { decideSecretCache } from '../caching/decide-secret-cache.ts';
import { holdImage, keepPrevious } from '../caching/keep-previous.ts';
import { lastRebuild, rememberRebuild } from '../caching/rebuilds.ts';
import type { Config, ImageConfig } from '../config/config.ts';
import { HarnessError } from '../core/error.ts';
import { readBuildMetadata } from '../docker/build-metadata.ts';
import { build } from '../docker/buildx.ts';
import type { DockerEngine, DockerImage } from '../docker/engine.ts';
import type { StampValues } from '../facts/stamp-values.ts';
import { sameDate, sameStamps, secretSetting } from '../freshness/build-options.ts';
import { describeProblem, NOT_KNOWN } from '../freshness/judge-sources.ts';
import type { ObservedInputs } from '../freshness/read-inputs.ts';
import { sealDockerfile } from '../freshness/seal-dockerfile.ts';
import { openOwnedDirectory } from '../machine/owned-directory.ts';
import { missingSsh } from '../settings/step-settings.ts';
import type { SourceTree } from '../sources/tree.ts';
import { readRecord, writeRecord, type BuildRecord } from './build-record.ts';
import { metadataFile, requestFor, type ImageBuild, type ReadyBuild } from './build-request.ts';
import { confirmBuild, type FinishedBuild } from './confirm-build.ts';
import { buildDirectory, contextDirectory, contextName, openContext, type SentContext } from './context-link.ts';
import { originOf } from './origin.ts';
import { takeSecrets } from './take-secrets.ts';
import { findProblems } from './used-sources.ts';
import { watchTrees } from './watch-trees.ts';

/** How many builds are tried while the sources keep changing. */
const ATTEMPTS = 3;

/**
 * Builds an image and labels it with the digest of its inputs. If BuildKit used something that does
 * not count among them, the image is built once more, from the cache, with a label that no digest
 * equals: then it is stale everywhere, and not only where this is on record.
 * @returns the image that has the name now. It is the previous one if the result is the same.
 * @throws HarnessError BUILD when the build fails, when the sources change during every attempt, or
 * when Docker has another image under the name afterwards
 */
export async function buildImage(
  engine: DockerEngine,
  order: ImageBuild,
): Promise<{ image: DockerImage; isSameResult: boolean }> {
  const { config, image, why, warn } = order;
  const startedAt = Date.now();
  const previous = await ownBuild(engine, order);
  await using _held = await holdImage(engine, previous?.previous);
  let done = await buildUnchanged(engine, order, ({ digest }) => digest);
  const uncounted = await findProblems(engine, order, done);
  if (uncounted.length > 0) {
    warn(`image ${image.name}: ${uncounted.map(describeProblem).join('; ')}; so each run builds it again`);
    done = await buildUnchanged(engine, order, () => NOT_KNOWN);
  }
  if (order.rebuild !== undefined) rememberRebuild(image, order.rebuild, order.env);
  const { read, built, digest, stamps } = done;
  const [before, after] = [previous?.record?.inputs.settings ?? {}, read.options.settings];
  const rebuilt = {
    ...previous,
    reference: image.reference,
    built,
    stamps: sameStamps(before, after) ? image.stamps : [],
  };
  // Of an image of several platforms, the engine describes one.
  const isComparable = digest !== NOT_KNOWN && read.options.platforms.length === 1 && sameDate(before, after);
  const kept = isComparable ? await keepPrevious(engine, rebuilt) : undefined;
  const story = { ...why, at: startedAt, ms: Date.now() - startedAt };
  const carried = kept ? previous?.record?.stamps : stamps.values;
  writeRecord(config, image, { ...read, digest, uncounted, story, id: (kept ?? built).id, stamps: carried });
  return { image: kept ?? built, isSameResult: kept !== undefined };
}

/** The image that has the name, if an earlier build by this project gave it. */
async function ownBuild(
  engine: DockerEngine,
  { config, image }: ImageBuild,
): Promise<{ previous: DockerImage; record: BuildRecord | undefined } | undefined> {
  const found = await engine.image(image.reference);
  const last = readRecord(config, image);
  if (!found || (await originOf(engine, found, last?.id)) !== 'own') return undefined;
  return { previous: found, record: last?.id === found.id ? last : undefined };
}

/** An image and what it was certainly built from. */
interface CertainBuild extends FinishedBuild {
  read: ObservedInputs;
  stamps: StampValues;
  built: DockerImage;
}

/**
 * If sources change while they are read, the label would not match the image. So they are compared
 * after the build, and the build is repeated if they changed.
 * @param labelFor the value of the inputs label
 */
async function buildUnchanged(
  engine: DockerEngine,
  order: ImageBuild,
  labelFor: (read: ObservedInputs) => string,
): Promise<CertainBuild> {
  const { config, image, sources, bases } = order;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    sources.forget();
    const before = await sources.read(image, bases);
    refuseMissingSecrets(image, before);
    refuseMissingSsh(image, order.env);
    const contexts = openContexts(config, image, before);
    const watch = watchTrees(image, before);
    const readAgain = async () => {
      const hasMoved = await watch.end();
      sources.forget();
      return isUnchanged(before, await sources.read(image, bases), hasMoved);
    };
    const label = labelFor(before);
    const stamps = await order.stamp(before);
    let finished: FinishedBuild | undefined;
    let unchanged = false;
    try {
      finished = await withDefinition(order, { read: before, label, stamps }, (dockerfile) =>
        buildOnce(engine, order, { read: before, label, stamps, dockerfile, contexts }),
      );
      unchanged = finished !== undefined && (await readAgain());
    } catch (error) {
      // A failed build has sent its files, too.
      unchanged = !order.signal?.aborted && (await readAgain().catch(() => false));
      throw error;
    } finally {
      await watch.end();
      for (const context of Object.values(contexts)) context.close(unchanged);
    }
    if (unchanged && finished)
      return { ...finished, read: before, stamps, built: await confirmBuild(engine, image, finished) };
  }
  throw new HarnessError('BUILD', `The sources of ${image.name} changed during each of ${ATTEMPTS} builds.`, {
    next: `Find what writes into ${image.context} during the build, and exclude it with \`.dockerignore\`.`,
  });
}

/** The context and each named context that is a directory, by name. */
function openContexts(config: Config, image: ImageConfig, { trees }: ObservedInputs): Record<string, SentContext> {
  const directory = contextDirectory(config);
  const open = (name: string, tree: SourceTree): SentContext => {
    const named = image.contexts[name];
    const path = named && 'directory' in named ? named.directory : image.context;
    return openContext(directory, contextName(image, name), path, tree);
  };
  return Object.fromEntries(Object.entries(trees).map(([name, tree]) => [name, open(name, tree)]));
}

/** @returns false, without a build, if a secret has changed since the inputs were read */
async function buildOnce(
  engine: DockerEngine,
  order: ImageBuild,
  ready: Omit<ReadyBuild, 'secrets'>,
): Promise<boolean> {
  const { image, env, signal } = order;
  const { read, dockerfile } = ready;
  const secrets = takeSecrets(image, env, dockerfile);
  const isAsRead = (id: string) => secrets.digests[id] === read.options.settings[secretSetting(id)];
  if (!Object.keys(image.secrets).every(isAsRead)) return false;
  const frontend = { dockerfile: read.dockerfile.toString('utf8'), buildArgs: read.options.args };
  const byValues = decideSecretCache({ digests: secrets.digests, ...frontend });
  const last = lastRebuild(image, env);
  const byRebuild = decideRebuild({ current: order.rebuild, last, ...frontend });
  const extraHosts = [...byValues.extraHosts, ...byRebuild.extraHosts];
  const noCache = byRebuild.noCache || !byValues.isKeyed;
  const buildNow = () => build({ ...requestFor(order, { ...ready, secrets }), extraHosts, noCache });
  await (byValues.isKeyed
    ? buildNow()
    : buildAlone({ engine, env, signal, image: image.name, warn: order.warn }, buildNow));
  return true;
}

function refuseMissingSecrets(image: ImageConfig, { options }: ObservedInputs): void {
  if (options.missingSecrets.length === 0) return;
  throw new HarnessError(
    'BUILD',
    `Image ${image.name} cannot be built without its secrets: ${options.missingSecrets.join(', ')}.`,
    {
      next: `Set them, or remove them from \`images.${image.name}.secrets\`.`,
    },
  );
}

function refuseMissingSsh(image: ImageConfig, env: NodeJS.ProcessEnv): void {
  const missing = missingSsh(image.ssh, env);
  if (missing.length === 0) return;
  throw new HarnessError('BUILD', `Image ${image.name} cannot be built without its SSH keys: ${missing.join(', ')}.`, {
    next: `Start an agent (\`eval $(ssh-agent)\`), or correct \`images.${image.name}.ssh\`.`,
  });
}

/**
 * Gives the build copies of the Dockerfile and ignore file that were read. They cannot change
 * during the build, the Dockerfile can end with a seal, and the ignore file can exclude the harness's
 * own files, without a change to the user's files.
 * @param use builds; returns false if it did not
 * @returns undefined if nothing was built
 */
async function withDefinition(
  { config, image, warn }: ImageBuild,
  { read, label, stamps }: Pick<ReadyBuild, 'read' | 'label' | 'stamps'>,
  use: (dockerfile: string) => Promise<boolean>,
): Promise<FinishedBuild | undefined> {
  const directory = openOwnedDirectory(buildDirectory(config), `${image.name}-`);
  try {
    const dockerfile = join(directory.path, basename(image.dockerfile));
    const sealed = sealDockerfile(read.dockerfile, image.target, label, stamps.instructions);
    if (sealed === undefined && stamps.instructions.length > 0)
      warn(`image ${image.name} carries only the stamps that are labels: its Dockerfile has no place for others`);
    writeFileSync(dockerfile, sealed ?? read.dockerfile);
    writeFileSync(`${dockerfile}.dockerignore`, read.ignore);
    if (!(await use(dockerfile))) return undefined;
    const { digests, sources } = readBuildMetadata(metadataFile(dockerfile));
    return { digest: label, isSealed: sealed !== undefined, reported: digests, sources };
  } finally {
    directory.remove();
  }
}

/**
 * Compares times as well as contents: a file that was changed and changed back during the build has
 * the same content and a later time. The times of directories count unless it is known that nothing
 * in the context came or went: then, only ignored files did.
 */
function isUnchanged(before: ObservedInputs, after: ObservedInputs, hasMoved: boolean | undefined): boolean {
  return (
    before.digest === after.digest &&
    Object.entries(after.trees).every(([name, tree]) => before.trees[name]?.isUnmoved(tree, hasMoved === false))
  );
}
