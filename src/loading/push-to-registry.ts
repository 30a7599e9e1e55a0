import { HarnessError } from '../core/error.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { dropName, pushImage } from '../docker/push.ts';
import { diskFull } from '../machine/disk-full.ts';
import { findManifest, type Manifest } from '../registry/client.ts';
import { registryIsFull, removeRegistry } from '../registry/container.ts';
import { engineLogin } from '../registry/credential.ts';
import { REPOSITORY, type Registry } from '../registry/registry.ts';
import type { LoadRequest } from './transport.ts';

/** An image as the registry has it. */
interface StoredManifest {
  /** The digest of the manifest or index. */
  digest: string;
  manifest: Manifest;
}

/** An image in the registry. */
export interface PushedImage extends StoredManifest {
  /** Bytes that Docker pushed for it. */
  pushed: number;
}

/**
 * Makes sure that the registry has an image. Its tag there is the engine's id of the image. Any
 * program that has the password can push something else under that tag, so the stored image is compared
 * with the engine's, and pushed again if it differs.
 * @param architecture of the nodes, as Docker calls it
 */
export async function pushToRegistry(
  engine: DockerEngine,
  registry: Registry,
  { reference, image }: LoadRequest,
  architecture: string,
  signal: AbortSignal | undefined,
): Promise<PushedImage> {
  const { port, password } = registry;
  const tag = image.id.replace(/^\w+:/, '');
  const name = `127.0.0.1:${port}/${REPOSITORY}`;
  if (image.tags.includes(`${name}:${tag}`)) await dropName(engine, `${name}:${tag}`); // left by a push that was killed
  const found = await findManifest(registry, tag, architecture);
  if (found && (await isImage(engine, image, found)) === true) return { ...found, pushed: 0 };
  let layers: string[];
  try {
    layers = await pushImage(engine, image.id, { repository: name, tag, login: engineLogin(password) }, signal);
  } catch (error) {
    if (signal?.aborted || !(await registryIsFull(engine, registry).catch(() => false))) throw error;
    // This frees the part of the image that was pushed. The next load recreates the registry.
    await removeRegistry(engine, registry.containerId);
    throw diskFull(`The local registry is out of disk space while receiving ${reference}.`, { cause: error });
  }
  const stored = await findManifest(registry, tag, architecture);
  if (!stored) {
    throw new HarnessError(
      'LOAD',
      `${reference} was pushed, but the local registry has no ${architecture} image of it.`,
      {
        next: 'Try again.',
      },
    );
  }
  if ((await isImage(engine, image, stored)) === false) {
    throw new HarnessError(
      'LOAD',
      `${reference} was pushed, but the local registry now has another image under its tag.`,
      { next: 'Another program wrote into the registry. Try again.' },
    );
  }
  return { ...stored, pushed: pushedSize(stored.manifest, image.layers, layers) };
}

/**
 * Whether what the registry has is the engine's image; undefined if the engine cannot tell. With its
 * containerd store, the engine's id is the digest of an index or a manifest. Of an index whose other
 * platforms it lacks, it pushes one manifest only.
 */
async function isImage(
  engine: DockerEngine,
  { id, inContainerd }: LoadRequest['image'],
  { digest, manifest }: StoredManifest,
): Promise<boolean | undefined> {
  if (!inContainerd) return manifest.config.digest === id;
  if (digest === id) return true;
  const inspected = await engine.json<{ Manifests?: { ID: string }[] }>('GET', `/images/${id}/json?manifests=1`);
  return inspected?.Manifests?.some(({ ID }) => ID === digest);
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
