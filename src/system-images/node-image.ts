import { HarnessError } from '../core/error.ts';
import type { Emit } from '../core/event.ts';
import { RECIPE_LABEL } from '../core/labels.ts';
import { step } from '../core/step.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { buildNodeImage } from './build-node-image.ts';
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
  env?: NodeJS.ProcessEnv;
  signal?: AbortSignal;
  /** The configured image; it is used as it is, never replaced by another one. */
  wanted?: string | undefined;
  /** Only one that was built here will do: nothing is pulled. */
  fromPackages?: boolean;
  /** Build it here, even if there is one, with the newest packages. */
  rebuild?: boolean;
}

/**
 * The node image that a run would use as things are, or undefined when it would have to be pulled
 * or built first.
 */
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
 * Makes sure of a node image: the configured one, kind's own, or one that was built here, whichever
 * is there; else kind's own is pulled, or, where no registry answers, one is built from Debian
 * packages and Go modules (some ten minutes, once).
 * @throws HarnessError NODE_IMAGE, DISK_FULL, INTERRUPTED.
 */
export async function ensureNodeImage(engine: DockerEngine, options: NodeImageOptions): Promise<NodeImage> {
  const { emit, wanted, signal, env = process.env, rebuild = false, fromPackages = rebuild } = options;
  return await step<NodeImage>(emit, 'node-image', 'Node image', async ({ progress }) => {
    const present = rebuild && !wanted ? undefined : await nodeImageStatus(engine, wanted);
    if (present && (present.source === 'built' || !fromPackages))
      return { title: `Node image ${present.reference} is present`, skipped: true, value: present };

    const published = wanted ?? versions.kindestNode;
    const source = wanted ? 'configured' : 'pulled';
    if (wanted || !fromPackages) {
      progress(`asking for ${published}`);
      const obstacle = wanted ? undefined : await whyNotPullable(engine, published);
      if (signal?.aborted) throw new HarnessError('INTERRUPTED', 'Looking for a node image was interrupted.');
      if (obstacle === undefined) {
        await pull(engine, published, progress, signal);
        return { title: `Node image ${published} pulled`, value: await known(engine, published, source) };
      }
      emit({
        type: 'note',
        level: 'info',
        message: `kind's node image cannot be pulled (${obstacle}): building one from Debian packages and Go modules. This takes about ten minutes, once.`,
      });
    }
    const reference = await buildNodeImage(engine, { emit, env, signal, digest: recipeDigest(), rebuild });
    return { title: `Node image ${reference} built`, value: await known(engine, reference, 'built') };
  });
}

async function known(engine: DockerEngine, reference: string, source: NodeImage['source']): Promise<NodeImage> {
  const image = await engine.image(reference);
  if (!image)
    throw new HarnessError('NODE_IMAGE', `Docker does not know the node image ${reference} that it just got.`);
  return { reference, id: image.id, source };
}
