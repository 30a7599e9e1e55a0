import { HarnessError } from '../core/error.ts';
import type { Emit } from '../core/event.ts';
import { RECIPE_LABEL } from '../core/labels.ts';
import { step } from '../core/step.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { buildNodeImage } from './build-node-image.ts';
import { makeInTurn } from './in-turn.ts';
import { pull, whyNotPullable } from './pull.ts';
import { builtReference, recipeDigest } from './recipe.ts';
import { versions } from './versions.ts';

export interface NodeImage {
  /** What to give to `kind create cluster --image`. */
  reference: string;
  /** The engine's id. */
  id: string;
  /** Named in the configuration, published by kind, or built here. */
  source: 'configured' | 'pulled' | 'built';
}

export interface NodeImageOptions {
  emit: Emit;
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal | undefined;
  /** The configured image. It is used as it is, never replaced by another one. */
  wanted?: string | undefined;
  /** Use only an image that was built here; pull nothing. */
  fromPackages?: boolean;
  /** Build the image here with the newest packages, even if one exists. */
  rebuild?: boolean;
}

/** The node image that a run would use now; undefined if it must be pulled or built first. */
export async function nodeImageStatus(engine: DockerEngine, wanted?: string): Promise<NodeImage | undefined> {
  const digest = wanted ? '' : recipeDigest();
  const candidates = wanted
    ? [{ reference: wanted, source: 'configured' as const }]
    : [
        { reference: versions.kindestNode, source: 'pulled' as const },
        { reference: builtReference(digest), source: 'built' as const },
      ];
  for (const { reference, source } of candidates) {
    const image = await engine.image(reference);
    if (image && (source !== 'built' || image.labels[RECIPE_LABEL] === digest))
      return { reference, id: image.id, source };
  }
  return undefined;
}

/**
 * Provides a node image: the configured one, kind's own, or one that was built here, whichever
 * exists. Otherwise kind's image is pulled. If no registry answers, an image is built from Debian
 * packages and Go modules, which takes about ten minutes, once.
 * @throws HarnessError NODE_IMAGE, DISK_FULL, INTERRUPTED.
 */
export async function ensureNodeImage(engine: DockerEngine, options: NodeImageOptions): Promise<NodeImage> {
  const { emit, wanted, signal, env, rebuild = false, fromPackages = rebuild } = options;
  return await step<NodeImage>(emit, 'node-image', 'node image', async ({ progress }) => {
    const present = rebuild && !wanted ? undefined : await nodeImageStatus(engine, wanted);
    if (present && (present.source === 'built' || !fromPackages))
      return { title: `node image ${present.reference} is present`, skipped: true, value: present };

    const published = wanted ?? versions.kindestNode;
    const source = wanted ? 'configured' : 'pulled';
    if (wanted || !fromPackages) {
      progress(`asking for ${published}`);
      const obstacle = wanted ? undefined : await whyNotPullable(engine, published);
      if (signal?.aborted) throw new HarnessError('INTERRUPTED', 'Looking for a node image was interrupted.');
      if (obstacle === undefined) {
        await pull(engine, published, progress, signal);
        return { title: `node image ${published} pulled`, value: await inspectNodeImage(engine, published, source) };
      }
      emit({
        type: 'note',
        level: 'info',
        message: `could not pull kind's node image (${obstacle}); building one from Debian packages and Go modules, which takes about ten minutes, once`,
      });
    }
    const value = await makeInTurn({
      engine,
      env,
      signal,
      kind: 'node-image',
      look: async () => (rebuild ? undefined : nodeImageStatus(engine)),
      make: async () => {
        const reference = await buildNodeImage(engine, { emit, env, signal, digest: recipeDigest(), rebuild });
        return inspectNodeImage(engine, reference, 'built');
      },
      progress,
    });
    return { title: `node image ${value.reference} built`, value };
  });
}

async function inspectNodeImage(
  engine: DockerEngine,
  reference: string,
  source: NodeImage['source'],
): Promise<NodeImage> {
  const image = await engine.image(reference);
  if (!image)
    throw new HarnessError('NODE_IMAGE', `Node image ${reference} was pulled or built, but Docker does not have it.`);
  return { reference, id: image.id, source };
}
