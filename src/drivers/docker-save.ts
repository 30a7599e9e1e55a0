import type { Readable } from 'node:stream';
import { messageOf } from '../model/error.ts';
import type { DockerEngine, DockerImage } from './docker.ts';

/** The engine's API that can save one platform of several. */
const ONE_PLATFORM = [1, 48] as const;

/**
 * `docker save` of one image, as it is read: no file, and nothing in memory but what is on its way. Of an image in Docker's containerd store
 * only the engine's own platform is saved, because the others may be listed without being there (kind#3795).
 */
export async function saveImage(engine: DockerEngine, reference: string, image: DockerImage): Promise<Readable> {
  const options = image.inContainerd ? await ownPlatform(engine) : {};
  return new Promise((resolve, reject) => {
    const request = { path: `/images/${encodeURIComponent(reference)}/get?`, method: 'GET', options, isStream: true };
    engine.api.modem.dial({ ...request, statusCodes: { 200: true } }, (error: unknown, stream: unknown) => {
      if (error) reject(error instanceof Error ? error : new Error(messageOf(error)));
      else resolve(stream as Readable);
    });
  });
}

async function ownPlatform(engine: DockerEngine): Promise<{ platform?: string }> {
  const version = await engine.json<{ ApiVersion: string; Os: string; Arch: string }>('GET', '/version');
  const [major = 0, minor = 0] = version?.ApiVersion.split('.').map(Number) ?? [];
  if (!version || major < ONE_PLATFORM[0] || (major === ONE_PLATFORM[0] && minor < ONE_PLATFORM[1])) return {};
  return { platform: JSON.stringify({ os: version.Os, architecture: version.Arch }) };
}
