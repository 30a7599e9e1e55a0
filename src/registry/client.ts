import { request } from 'node:http';
import { REPOSITORY } from './registry.ts';

/** An image in the registry. */
export interface StoredImage {
  /** The engine's id of what was pushed, without its algorithm. */
  tag: string;
  /** Of its manifest, or index. */
  digest: string;
  config: { digest: string; size: number };
  layers: readonly { digest: string; size: number }[];
}

/** One blob as a manifest lists it: its digest, and its size in bytes as it travels. */
export interface Blob {
  digest: string;
  size: number;
}

/** What a registry says of one image. */
export interface Manifest {
  config: Blob;
  /** Lowest first. */
  layers: Blob[];
}

interface Index {
  manifests: { digest: string; platform?: { os?: string; architecture?: string } }[];
}

/** Formats of manifests and indexes, Docker's and the open ones. */
const FORMATS = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.index.v1+json',
].join(', ');

/** Whether a registry answers on this port of the loopback, within that many milliseconds. */
export async function registryAnswers(port: number, timeout = 2000): Promise<boolean> {
  const answer = await ask(port, '/v2/', { timeout }).catch(() => undefined);
  return answer?.status === 200;
}

/**
 * The manifest behind a tag or a digest, and its own digest; of an index, the manifest for an
 * architecture.
 * @param architecture as Docker calls it; of several platforms, nodes take this one
 * @returns undefined when the registry has no such image
 */
export async function findManifest(
  port: number,
  reference: string,
  architecture: string,
): Promise<{ digest: string; manifest: Manifest } | undefined> {
  const answer = await ask(port, `/v2/${REPOSITORY}/manifests/${reference}`);
  if (answer.status === 404) return undefined;
  if (answer.status !== 200) throw new Error(`the registry answered ${answer.status} for ${reference}: ${answer.body}`);
  const content = JSON.parse(answer.body) as Manifest | Index;
  if (!('manifests' in content)) return { digest: answer.digest, manifest: content };
  const fitting = content.manifests.find(
    ({ platform }) => platform?.os === 'linux' && platform.architecture === architecture,
  );
  const single = fitting && (await findManifest(port, fitting.digest, architecture));
  return single && { digest: answer.digest, manifest: single.manifest };
}

/** The tags of all images that the registry holds. */
export async function listTags(port: number): Promise<string[]> {
  const answer = await ask(port, `/v2/${REPOSITORY}/tags/list`);
  if (answer.status === 404) return []; // nothing was ever pushed
  if (answer.status !== 200)
    throw new Error(`the registry answered ${answer.status} for its list of tags: ${answer.body}`);
  return (JSON.parse(answer.body) as { tags: string[] | null }).tags ?? [];
}

/**
 * Takes an image, with all its tags, out of the registry; its blobs stay until they are collected.
 */
export async function deleteManifest(port: number, digest: string): Promise<void> {
  const answer = await ask(port, `/v2/${REPOSITORY}/manifests/${digest}`, { method: 'DELETE' });
  if (![202, 404].includes(answer.status))
    throw new Error(`the registry answered ${answer.status} to the removal of ${digest}: ${answer.body}`);
}

function ask(
  port: number,
  path: string,
  { method = 'GET', timeout = 30_000 } = {},
): Promise<{ status: number; body: string; digest: string }> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeout);
    const options = { host: '127.0.0.1', port, path, method, headers: { accept: FORMATS }, agent: false, signal };
    const sent = request(options, (response) => {
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
    sent.on('error', reject);
    sent.end();
  });
}
