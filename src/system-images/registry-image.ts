import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HarnessError } from '../core/error.ts';
import type { Emit } from '../core/event.ts';
import { RECIPE_LABEL } from '../core/labels.ts';
import { step } from '../core/step.ts';
import { dockerClient } from '../docker/client.ts';
import type { DockerEngine, DockerImage } from '../docker/engine.ts';
import { run } from '../machine/process.ts';
import { nodeImageFailure } from './failure.ts';
import { compileModule, findGo } from './go.ts';
import { makeInTurn } from './in-turn.ts';
import { pull, whyNotPullable } from './pull.ts';
import { directoriesDigest } from './recipe.ts';
import { registryVersions } from './versions.ts';
import { openWorkDirectory } from './work-directory.ts';

/** The recipe's files. The path works from src/ and from dist/. */
export const registryDirectory = fileURLToPath(new URL('../../harness/registry/', import.meta.url));

/** The configuration of the registry, for the pulled and the built image. */
export const registrySettings = (): string => readFileSync(join(registryDirectory, 'config.yml'), 'utf8');

export interface RegistryImageOptions {
  emit: Emit;
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal | undefined;
}

const OTHER_WAY = "Or set `load: { transport: 'archive' }`, which needs no registry.";

/**
 * Provides an image for the local registry: the published one, or one that was built here,
 * whichever exists. Otherwise the published one is pulled. If no registry answers, an image is
 * compiled from its Go module, which takes about a minute, once.
 * @returns the engine's id of the image
 * @throws HarnessError NODE_IMAGE, DISK_FULL, INTERRUPTED
 */
export async function ensureRegistryImage(
  engine: DockerEngine,
  { emit, env, signal }: RegistryImageOptions,
): Promise<string> {
  const digest = directoriesDigest([registryDirectory], {});
  const built = `kind-harness/registry:${registryVersions.module}-${digest.slice(0, 12)}`;
  const present = (await engine.image(registryVersions.published)) ?? (await builtImage(engine, built, digest));
  if (present) return present.id;
  return step(emit, 'registry-image', 'registry image', async ({ progress }) => {
    const { published } = registryVersions;
    progress(`asking for ${published}`);
    const pullable = (await whyNotPullable(engine, published)) === undefined;
    if (signal?.aborted) throw new HarnessError('INTERRUPTED', 'Looking for a registry image was interrupted.');
    const reference = pullable ? published : built;
    const problem = `Registry image ${reference} was pulled or built, but Docker does not have it.`;
    if (pullable) {
      await pull(engine, published, progress, signal);
      const image = await engine.image(published);
      if (!image) throw new HarnessError('NODE_IMAGE', problem);
      return { title: `registry image ${reference} pulled`, value: image.id };
    }
    const look = () => builtImage(engine, built, digest);
    const make = async () => {
      await compileImage(reference, digest, { emit, env, signal, progress });
      const image = await look();
      if (!image) throw new HarnessError('NODE_IMAGE', problem);
      return image;
    };
    const { id } = await makeInTurn({ engine, env, signal, kind: 'registry-image', look, make, progress });
    return { title: `registry image ${reference} built`, value: id };
  });
}

/** The image that was built here. Another one may have its name, and counts as none. */
async function builtImage(engine: DockerEngine, reference: string, digest: string): Promise<DockerImage | undefined> {
  const image = await engine.image(reference);
  return image?.labels[RECIPE_LABEL] === digest ? image : undefined;
}

async function compileImage(
  reference: string,
  digest: string,
  { emit, env, signal, progress }: RegistryImageOptions & { progress: (detail: string) => void },
): Promise<void> {
  try {
    await using work = openWorkDirectory(env, 'registry', digest);
    const output = join(work.path, 'programs');
    const go = await findGo(env, { emit, progress, signal });
    await compileModule(
      { directory: registryDirectory, programs: ['.'], ldflags: [] },
      { go, output, progress, signal },
    );
    const labels = [`--tag=${reference}`, `--label=${RECIPE_LABEL}=${digest}`];
    // Uses the engine's own BuildKit, as for the node image.
    await run(
      [
        await dockerClient(env),
        'build',
        '--provenance=false',
        `--build-context=programs=${output}`,
        ...labels,
        registryDirectory,
      ],
      {
        baseEnv: env,
        env: { DOCKER_BUILDKIT: '1' },
        silence: 600_000,
        code: 'NODE_IMAGE',
        next: OTHER_WAY,
        signal,
      },
    );
  } catch (error) {
    throw nodeImageFailure(error, 'Could not build the image of the local registry', OTHER_WAY);
  }
}
