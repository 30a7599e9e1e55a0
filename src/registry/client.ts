import { request } from 'node:http';
import { authorization } from './credential.ts';
import { REPOSITORY, type RegistryAccess } from './registry.ts';

/** An image in the registry. */
export interface StoredImage {
  /** The engine's id of the pushed image, without the algorithm. */
  tag: string;
  /** The digest of its manifest or index. */
  digest: string;
  config: { digest: string; size: number };
  layers: readonly { digest: string; size: number }[];
}

/** One blob as a manifest lists it; size in bytes as transferred. */
export interface Blob {
  digest: string;
  size: number;
}

/** A registry's manifest of one image. */
export interface Manifest {
  config: Blob;
  /** Lowest first. */
  layers: Blob[];
}

interface Index {
  manifests: { digest: string; platform?: { os?: string; architecture?: string } }[];
}

/** Formats of manifests and indexes, from Docker and OCI. */
const FORMATS = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.index.v1+json',
].join(', ');

/** Whether a registry answers and accepts the password, within `timeout` milliseconds. */
export async function registryAnswers(registry: RegistryAccess, timeout = 2000): Promise<boolean> {
  const answer = await ask(registry, '/v2/', { timeout }).catch(() => undefined);
  return answer?.status === 200;
}

/**
 * Finds the manifest of a tag or digest, and its digest. For an index, finds the manifest for one
 * architecture.
 * @param architecture the nodes' architecture, in Docker's spelling
 * @returns undefined when the registry has no such image
 */
export async function findManifest(
  registry: RegistryAccess,
  reference: string,
  architecture: string,
): Promise<{ digest: string; manifest: Manifest } | undefined> {
  const answer = await ask(registry, `/v2/${REPOSITORY}/manifests/${reference}`);
  if (answer.status === 404) return undefined;
  if (answer.status !== 200) throw new Error(`the registry answered ${answer.status} to ${reference}: ${answer.body}`);
  const content = JSON.parse(answer.body) as Manifest | Index;
  if (!('manifests' in content)) return { digest: answer.digest, manifest: content };
  const entry = content.manifests.find(
    ({ platform }) => platform?.os === 'linux' && platform.architecture === architecture,
  );
  const found = entry && (await findManifest(registry, entry.digest, architecture));
  return found && { digest: answer.digest, manifest: found.manifest };
}

/** The tags of all images in the registry. */
export async function listTags(registry: RegistryAccess): Promise<string[]> {
  const answer = await ask(registry, `/v2/${REPOSITORY}/tags/list`);
  if (answer.status === 404) return []; // nothing has been pushed yet
  if (answer.status !== 200)
    throw new Error(`the registry answered ${answer.status} to the list of tags: ${answer.body}`);
  return (JSON.parse(answer.body) as { tags: string[] | null }).tags ?? [];
}

/** Deletes an image and all its tags. Its blobs stay until the registry collects garbage. */
export async function deleteManifest(registry: RegistryAccess, digest: string): Promise<void> {
  const answer = await ask(registry, `/v2/${REPOSITORY}/manifests/${digest}`, { method: 'DELETE' });
  if (![202, 404].includes(answer.status))
    throw new Error(`the registry answered ${answer.status} to the removal of ${digest}: ${answer.body}`);
}

function ask(
  { port, password }: RegistryAccess,
  path: string,
  { method = 'GET', timeout = 30_000 } = {},
): Promise<{ status: number; body: string; digest: string }> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeout);
    const headers = { accept: FORMATS, authorization: authorization(password) };
    const options = { host: '127.0.0.1', port, path, method, headers, agent: false, signal };
    const call = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(chunks).toString('utf8'),
          digest: String(response.headers['docker-content-digest']),
        }),
      );
    });
    call.on('error', reject);
    call.end();
  });
}
