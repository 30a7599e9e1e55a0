import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build, type BuildRequest } from '../drivers/buildx.ts';
import type { DockerEngine, DockerImage } from '../drivers/docker.ts';
import { makeStateDirectory } from '../drivers/state-file.ts';
import type { Config, ImageConfig, NamedContext } from '../model/config.ts';
import { HarnessError } from '../model/error.ts';
import { LABELS } from '../model/image.ts';
import { NATIVE_PLATFORM } from '../model/platform.ts';
import type { ObservedInputs, SourceReader } from '../observe/inputs.ts';
import { writeRecord, type BuildStory } from './build-record.ts';

/** A build of one image whose bases are settled. */
export interface ImageBuild {
  config: Config;
  image: ImageConfig;
  sources: SourceReader;
  /** Base references with what stands for them, see `Inputs.bases`. */
  bases: Readonly<Record<string, string>>;
  /** Named contexts for bases that something else stands in for. */
  standIns: Readonly<Record<string, string>>;
  noCache: boolean;
  env: NodeJS.ProcessEnv;
  /** Why it is built, for whoever asks later. */
  why: Pick<BuildStory, 'reason' | 'changes'>;
  signal?: AbortSignal;
  onLine?: (line: string) => void;
}

/** How often a build is repeated because its sources changed under it. */
const ATTEMPTS = 3;

/**
 * Builds an image and labels it with the digest of its inputs. Sources that change while they are read would give the image a record that is
 * not its own, so they are compared after the build, and the build is repeated when they moved.
 * @throws HarnessError BUILD when it fails, or when the sources never hold still
 */
export async function buildImage(engine: DockerEngine, order: ImageBuild): Promise<DockerImage> {
  const { config, image, sources, bases, why } = order;
  const at = Date.now();
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    sources.forget();
    const before = await sources.read(image, bases);
    refuseMissingSecrets(image, before);
    const previous = await engine.image(image.reference);
    await withDefinition(config, image, before, (dockerfile) => build(requestFor(order, before, dockerfile, previous)));
    sources.forget();
    const after = await sources.read(image, bases);
    if (heldStill(before, after)) {
      writeRecord(config, image, { ...before, story: { ...why, at, ms: Date.now() - at } });
      const built = await engine.image(image.reference);
      if (built) return built;
      throw new HarnessError('BUILD', `The image ${image.reference} was built, but Docker does not have it.`, {
        next: 'Choose a builder that loads into the engine: `docker buildx use default`.',
      });
    }
  }
  throw new HarnessError('BUILD', `The sources of ${image.name} changed during each of ${ATTEMPTS} builds.`, {
    next: `Find what writes into ${image.context} while it is built, and leave it out with .dockerignore.`,
  });
}

function requestFor(order: ImageBuild, read: ObservedInputs, dockerfile: string, previous: DockerImage | undefined): BuildRequest {
  const { config, image } = order;
  const { args, argsFromEnvironment, platforms } = read.options;
  const isHidden = ([name]: [string, string]) => argsFromEnvironment.includes(name);
  const entries = Object.entries(args);
  const secrets = secretsDigest(read);
  const labels = { [LABELS.inputs]: read.digest, [LABELS.project]: config.project, [LABELS.image]: image.name };
  return {
    context: image.context,
    dockerfile,
    source: image.dockerfile,
    reference: image.reference,
    ...(image.target === undefined ? {} : { target: image.target }),
    buildArgs: Object.fromEntries(entries.filter((entry) => !isHidden(entry))),
    hiddenArgs: Object.fromEntries(entries.filter(isHidden)),
    platforms: platforms.join() === NATIVE_PLATFORM ? [] : platforms,
    secrets: Object.entries(image.secrets).map(([id, from]) => ('env' in from ? `id=${id},env=${from.env}` : `id=${id},src=${from.file}`)),
    labels: secrets === undefined ? labels : { ...labels, [LABELS.secrets]: secrets },
    contexts: { ...namedContexts(image), ...order.standIns },
    // BuildKit's cache knows a secret by its id only: with another value it would give back what was made with the old one.
    noCache: order.noCache || (secrets !== undefined && previous?.labels[LABELS.secrets] !== secrets),
    env: order.env,
    ...(order.signal === undefined ? {} : { signal: order.signal }),
    ...(order.onLine === undefined ? {} : { onLine: order.onLine }),
  };
}

/** Of all secrets' keyed digests; undefined where there are none. */
function secretsDigest({ options }: ObservedInputs): string | undefined {
  const secrets = Object.entries(options.settings).filter(([name]) => name.startsWith('secret '));
  if (secrets.length === 0) return undefined;
  return `sha256:${createHash('sha256').update(JSON.stringify(secrets.sort())).digest('hex')}`;
}

function refuseMissingSecrets(image: ImageConfig, { options }: ObservedInputs): void {
  if (options.missingSecrets.length === 0) return;
  throw new HarnessError('BUILD', `The image ${image.name} cannot be built without its secrets: ${options.missingSecrets.join(', ')}.`, {
    next: `Set them, or take them out of \`images.${image.name}.secrets\`.`,
  });
}

function namedContexts({ contexts }: ImageConfig): Record<string, string> {
  const argument = (context: NamedContext) =>
    'directory' in context ? context.directory : 'image' in context ? `docker-image://${context.image}` : context.url;
  return Object.fromEntries(Object.entries(contexts).map(([name, context]) => [name, argument(context)]));
}

/**
 * Hands the build the Dockerfile and ignore file that were read, from a directory of their own: they cannot change under it, and the ignore
 * file can leave out the harness's own files without a word in the user's.
 */
async function withDefinition(
  config: Config,
  image: ImageConfig,
  read: ObservedInputs,
  use: (dockerfile: string) => Promise<void>,
): Promise<void> {
  const parent = join(config.stateDirectory, 'build');
  makeStateDirectory(parent);
  const directory = mkdtempSync(join(parent, `${image.name}-`));
  try {
    const dockerfile = join(directory, basename(image.dockerfile));
    writeFileSync(dockerfile, read.dockerfile);
    writeFileSync(`${dockerfile}.dockerignore`, read.ignore);
    await use(dockerfile);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Times as well as content: a file that was changed and changed back during the build has the same content and a later time. */
function heldStill(before: ObservedInputs, after: ObservedInputs): boolean {
  return before.digest === after.digest && Object.entries(after.trees).every(([name, tree]) => before.trees[name]?.isUnmoved(tree));
}
