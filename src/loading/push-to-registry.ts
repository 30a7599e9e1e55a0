import { HarnessError } from '../core/error.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { dropName, pushImage } from '../docker/push.ts';
import { diskFull } from '../machine/disk-full.ts';
import { findManifest, type Manifest } from '../registry/client.ts';
import { registryIsFull, removeRegistry } from '../registry/container.ts';
import { REPOSITORY, type Registry } from '../registry/registry.ts';
import type { LoadRequest } from './transport.ts';

/** An image in the registry. */
export interface PushedImage {
  digest: string;
  manifest: Manifest;
  /** Bytes that Docker pushed for it. */
  pushed: number;
}

/**
 * Makes sure that the registry has an image. Its tag there is the engine's id of the image. Any
 * program can push something else under that tag; if the engine's id is the configuration's digest,
 * the stored image is compared with it, and pushed again if it differs.
 * @param architecture of the nodes, as Docker calls it
 */
export async function pushToRegistry(
  engine: DockerEngine,
  registry: Registry,
  { reference, image }: LoadRequest,
  architecture: string,
  signal: AbortSignal | undefined,
): Promise<PushedImage> {
  const { port } = registry;
  const tag = image.id.replace(/^\w+:/, '');
  const name = `127.0.0.1:${port}/${REPOSITORY}`;
  if (image.tags.includes(`${name}:${tag}`)) await dropName(engine, `${name}:${tag}`); // left by a push that was killed
  const found = await findManifest(port, tag, architecture);
  if (found && (image.inContainerd || found.manifest.config.digest === image.id)) return { ...found, pushed: 0 };
  let layers: string[];
  try {
    layers = await pushImage(engine, image.id, name, tag, signal);
  } catch (error) {
    if (signal?.aborted || !(await registryIsFull(engine, registry).catch(() => false))) throw error;
    // This frees the part of the image that was pushed. The next load recreates the registry.
    await removeRegistry(engine, registry.containerId);
    throw diskFull(`The local registry is out of disk space while receiving ${reference}.`, { cause: error });
  }
  const stored = await findManifest(port, tag, architecture);
  if (!stored) {
    throw new HarnessError(
      'LOAD',
      `${reference} was pushed, but the local registry has no ${architecture} image of it.`,
      {
        next: 'Try again.',
      },
    );
  }
  return { ...stored, pushed: pushedSize(stored.manifest, image.layers, layers) };
}

/**
 * The bytes of a push: the configuration and the pushed layers.
 * @param contents digests of the layers' contents
 * @param pushed short ids of the pushed layers, as Docker reports them: of contents or of blobs
 */
export function pushedSize(
  { config, layers }: Manifest,
  contents: readonly string[],
  pushed: readonly string[],
): number {
  const isPushed = (digest: string | undefined) => pushed.some((id) => digest?.startsWith(`sha256:${id}`));
  return config.size + layersSize(layers.filter((layer, at) => isPushed(contents[at]) || isPushed(layer.digest)));
}

/** The bytes of layers; one that is listed twice counts once. */
export function layersSize(layers: readonly { digest: string; size: number }[]): number {
  const sizes = new Map(layers.map(({ digest, size }) => [digest, size]));
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
