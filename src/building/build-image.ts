import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Config, ImageConfig, NamedContext } from '../config/config.ts';
import { HarnessError } from '../core/error.ts';
import { LABELS } from '../core/labels.ts';
import { build, type BuildRequest } from '../docker/buildx.ts';
import type { DockerEngine, DockerImage } from '../docker/engine.ts';
import { secretSetting } from '../freshness/build-options.ts';
import { CONTEXT } from '../freshness/inputs.ts';
import type { ObservedInputs, SourceReader } from '../freshness/read-inputs.ts';
import { sealDockerfile } from '../freshness/seal-dockerfile.ts';
import { makeStateDirectory } from '../machine/state-file.ts';
import type { SourceTree } from '../sources/tree.ts';
import { buildAlone } from '../caching/build-alone.ts';
import { writeRecord, type BuildStory } from './build-record.ts';
import { confirmBuild, reportedDigests, type FinishedBuild } from './confirm-build.ts';
import { openContext, type SentContext } from './context-link.ts';
import { decideSecretCache } from '../caching/decide-secret-cache.ts';
import { takeSecrets, type TakenSecrets } from './take-secrets.ts';
import { watchTrees } from './watch-trees.ts';

/** The build of one image whose bases are ready. */
export interface ImageBuild {
  config: Config;
  image: ImageConfig;
  sources: SourceReader;
  /** Base references with their ids, see `Inputs.bases`. */
  bases: Readonly<Record<string, string>>;
  /** Named contexts for bases that are replaced by a stand-in. */
  standIns: Readonly<Record<string, string>>;
  noCache: boolean;
  env: NodeJS.ProcessEnv;
  /** Why it is built; recorded for `harness why`. */
  why: Pick<BuildStory, 'reason' | 'changes'>;
  signal?: AbortSignal | undefined;
  onLine?: ((line: string) => void) | undefined;
}

/** How many builds are tried while the sources keep changing. */
const ATTEMPTS = 3;

/**
 * Builds an image and labels it with the digest of its inputs. If sources change while they are
 * read, the label would not match the image. So they are compared after the build, and the build is
 * repeated if they changed.
 * @throws HarnessError BUILD when the build fails, when the sources change during every attempt, or
 * when Docker has another image under the name afterwards
 */
export async function buildImage(engine: DockerEngine, order: ImageBuild): Promise<DockerImage> {
  const { config, image, sources, bases, why } = order;
  const startedAt = Date.now();
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    sources.forget();
    const before = await sources.read(image, bases);
    refuseMissingSecrets(image, before);
    const contexts = openContexts(config, image, before);
    const watch = watchTrees(image, before);
    const readAgain = async () => {
      const hasMoved = await watch.end();
      sources.forget();
      return isUnchanged(before, await sources.read(image, bases), hasMoved);
    };
    let finished: FinishedBuild | undefined;
    let unchanged = false;
    try {
      finished = await withDefinition(config, image, before, (dockerfile) =>
        buildOnce(order, before, dockerfile, contexts),
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
    if (unchanged && finished) {
      const built = await confirmBuild(engine, image, finished);
      const story = { ...why, at: startedAt, ms: Date.now() - startedAt };
      writeRecord(config, image, { ...before, story, id: built.id });
      return built;
    }
  }
  throw new HarnessError('BUILD', `The sources of ${image.name} changed during each of ${ATTEMPTS} builds.`, {
    next: `Find what writes into ${image.context} during the build, and exclude it with \`.dockerignore\`.`,
  });
}

/** The context and each named context that is a directory, by name. */
function openContexts(config: Config, image: ImageConfig, { trees }: ObservedInputs): Record<string, SentContext> {
  const directory = join(config.stateDirectory, 'contexts');
  const open = (name: string, tree: SourceTree): SentContext => {
    const named = image.contexts[name];
    const path = named && 'directory' in named ? named.directory : image.context;
    return openContext(directory, `${image.name}.${encodeURIComponent(name)}`, path, tree);
  };
  return Object.fromEntries(Object.entries(trees).map(([name, tree]) => [name, open(name, tree)]));
}

/** @returns false, without a build, if a secret has changed since the inputs were read */
async function buildOnce(
  order: ImageBuild,
  read: ObservedInputs,
  dockerfile: string,
  contexts: Readonly<Record<string, SentContext>>,
): Promise<boolean> {
  const { image, env, signal } = order;
  const taken = takeSecrets(image, env, dockerfile);
  const isAsRead = (id: string) => taken.digests[id] === read.options.settings[secretSetting(id)];
  if (!Object.keys(image.secrets).every(isAsRead)) return false;
  const { extraHosts, isKeyed } = decideSecretCache({
    digests: taken.digests,
    dockerfile: read.dockerfile.toString('utf8'),
    buildArgs: read.options.args,
  });
  const request = requestFor(order, read, dockerfile, contexts, taken);
  if (isKeyed) await build({ ...request, extraHosts });
  else await buildAlone({ env, signal, image: image.name }, () => build({ ...request, extraHosts, noCache: true }));
  return true;
}

function requestFor(
  order: ImageBuild,
  read: ObservedInputs,
  dockerfile: string,
  contexts: Readonly<Record<string, SentContext>>,
  secrets: TakenSecrets,
): Omit<BuildRequest, 'extraHosts'> {
  const { config, image, env } = order;
  const { args, argsFromEnvironment, platforms, arePlatformsGiven } = read.options;
  // An argument cannot be passed in the environment if it would override another variable.
  const isHidden = ([name, value]: [string, string]) =>
    argsFromEnvironment.includes(name) && (env[name] ?? value) === value;
  const entries = Object.entries(args);
  return {
    context: contexts[CONTEXT]?.path ?? image.context,
    contextSource: image.context,
    dockerfile,
    source: image.dockerfile,
    reference: image.reference,
    target: image.target,
    buildArgs: Object.fromEntries(entries.filter((entry) => !isHidden(entry))),
    hiddenArgs: Object.fromEntries(entries.filter(isHidden)),
    platforms: arePlatformsGiven ? platforms : [],
    secrets: secrets.secrets,
    labels: { [LABELS.inputs]: read.digest, [LABELS.project]: config.project, [LABELS.image]: image.name },
    metadataFile: metadataFile(dockerfile),
    contexts: { ...namedContexts(image, contexts), ...order.standIns },
    noCache: order.noCache,
    // Git labels would make a new image for each commit, and a source policy would make another
    // image from the same sources.
    env: { ...env, ...secrets.env, BUILDX_GIT_LABELS: undefined, EXPERIMENTAL_BUILDKIT_SOURCE_POLICY: undefined },
    signal: order.signal,
    onLine: order.onLine,
  };
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

function namedContexts({ contexts }: ImageConfig, sent: Readonly<Record<string, SentContext>>): Record<string, string> {
  const argument = (name: string, context: NamedContext) => {
    if ('directory' in context) return sent[name]?.path ?? context.directory;
    return 'image' in context ? `docker-image://${context.image}` : context.url;
  };
  return Object.fromEntries(Object.entries(contexts).map(([name, context]) => [name, argument(name, context)]));
}

/**
 * Gives the build copies of the Dockerfile and ignore file that were read. They cannot change
 * during the build, the Dockerfile can end with a seal, and the ignore file can exclude the harness's
 * own files, without a change to the user's files.
 * @param use builds; returns false if it did not
 * @returns undefined if nothing was built
 */
async function withDefinition(
  config: Config,
  image: ImageConfig,
  read: ObservedInputs,
  use: (dockerfile: string) => Promise<boolean>,
): Promise<FinishedBuild | undefined> {
  const parent = join(config.stateDirectory, 'build');
  makeStateDirectory(parent);
  const directory = mkdtempSync(join(parent, `${image.name}-`));
  try {
    const dockerfile = join(directory, basename(image.dockerfile));
    const sealed = sealDockerfile(read.dockerfile, image.target, read.digest);
    writeFileSync(dockerfile, sealed ?? read.dockerfile);
    writeFileSync(`${dockerfile}.dockerignore`, read.ignore);
    if (!(await use(dockerfile))) return undefined;
    const reported = reportedDigests(metadataFile(dockerfile));
    return { digest: read.digest, isSealed: sealed !== undefined, reported };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function metadataFile(dockerfile: string): string {
  return `${dockerfile}.metadata.json`;
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
