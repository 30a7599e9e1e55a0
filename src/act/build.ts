import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from '../drivers/buildx.ts';
import type { DockerEngine, DockerImage } from '../drivers/docker.ts';
import { makeStateDirectory } from '../drivers/state-file.ts';
import type { Config, ImageConfig } from '../model/config.ts';
import { HarnessError } from '../model/error.ts';
import { LABELS } from '../model/image.ts';
import type { ObservedInputs, SourceReader } from '../observe/inputs.ts';
import { writeRecord } from './build-record.ts';

/** A build of one image whose bases are settled. */
export interface ImageBuild {
  config: Config;
  image: ImageConfig;
  sources: SourceReader;
  /** Base references with what stands for them, see `Inputs.bases`. */
  bases: Readonly<Record<string, string>>;
  /** Named contexts for bases that something else stands in for. */
  contexts: Readonly<Record<string, string>>;
  noCache: boolean;
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
  const { config, image, sources, bases } = order;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    sources.forget();
    const before = sources.read(image, bases);
    await withDefinition(config, image, before, (dockerfile) =>
      build({
        context: image.context,
        dockerfile,
        source: image.dockerfile,
        reference: image.reference,
        ...(image.target === undefined ? {} : { target: image.target }),
        buildArgs: image.buildArgs,
        labels: { [LABELS.inputs]: before.digest, [LABELS.project]: config.project, [LABELS.image]: image.name },
        contexts: order.contexts,
        noCache: order.noCache,
        ...(order.signal === undefined ? {} : { signal: order.signal }),
        ...(order.onLine === undefined ? {} : { onLine: order.onLine }),
      }),
    );
    sources.forget();
    const after = sources.read(image, bases);
    if (heldStill(before, after)) {
      writeRecord(config, image, before);
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
  const [was, is] = [before.context.stamps, after.context.stamps];
  return before.digest === after.digest && was.size === is.size && [...was].every(([path, stamp]) => is.get(path) === stamp);
}
