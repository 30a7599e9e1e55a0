import type { DockerEngine } from '../docker/engine.ts';
import { exec } from '../docker/exec.ts';
import { deleteManifest, type StoredImage } from '../registry/client.ts';
import type { Registry } from '../registry/registry.ts';
import type { Removal } from './decide-prune.ts';

/** Removes images and names from a node. */
export async function pruneNode(engine: DockerEngine, node: string, removals: readonly Removal[]): Promise<void> {
  const whole = removals.filter((removal) => removal.whole).map(({ id }) => id);
  const names = removals.filter((removal) => !removal.whole).flatMap((removal) => removal.names);
  if (whole.length > 0) await exec(engine, node, ['crictl', 'rmi', ...whole]);
  if (names.length > 0) await exec(engine, node, ['ctr', '--namespace=k8s.io', 'images', 'rm', ...names]);
}

/**
 * Removes images from the registry, and all blobs that only they need. An image that is pushed at
 * the same time may be damaged, so the caller must hold the cluster's lock.
 */
export async function pruneRegistry(
  engine: DockerEngine,
  registry: Registry,
  images: readonly StoredImage[],
): Promise<void> {
  for (const { digest } of images) await deleteManifest(registry, digest);
  await exec(engine, registry.containerId, [
    '/bin/registry',
    'garbage-collect',
    '--quiet',
    '--delete-untagged',
    '/etc/distribution/config.yml',
  ]);
}

/**
 * Removes names, or a whole image, from Docker. Without `force`, so that the engine refuses if a
 * container or another name needs the image after all.
 * @returns why the engine refused; undefined if it did not
 */
export async function pruneDocker(engine: DockerEngine, { id, names, whole }: Removal): Promise<string | undefined> {
  for (const image of [...names, ...(whole ? [id] : [])]) {
    const noprune = image === id ? '' : '?noprune=1';
    const { status, body } = await engine.ask('DELETE', `/images/${encodeURIComponent(image)}${noprune}`);
    if (status >= 300 && status !== 404) return refusalIn(body) ?? `it answered ${status}`;
  }
  return undefined;
}

function refusalIn(body: Buffer): string | undefined {
  try {
    return (JSON.parse(body.toString('utf8')) as { message?: string }).message;
  } catch {
    return undefined;
  }
}
