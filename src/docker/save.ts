import { addAbortSignal, type Readable } from 'node:stream';
import { messageOf } from '../core/error.ts';
import { isAtLeast } from '../core/version.ts';
import type { DockerEngine } from './engine.ts';
import { refusal } from './refusal.ts';

/** The first version of the engine's API that can save one platform of several. */
const ONE_PLATFORM = '1.48';

/**
 * `docker save` of some images, as it is read: no file, and nothing in memory but what is on its
 * way; a layer that several have is in it once. The engine refuses all of them when it lacks one.
 * Of images in Docker's containerd store only the engine's own platform is saved, because the
 * others may be listed without being there (kind#3795).
 * @param signal breaks it off, so that nobody takes what came for the whole
 * @throws HarnessError LOAD, or DISK_FULL, with the engine's words
 */
export async function saveImages(
  engine: DockerEngine,
  references: readonly string[],
  inContainerd: boolean,
  signal: AbortSignal,
): Promise<Readable> {
  const query = { names: references, ...(inContainerd ? await ownPlatform(engine) : {}) };
  const what = `save ${references.join(', ')}`;
  return new Promise((resolve, reject) => {
    const request = {
      path: '/images/get?',
      method: 'GET',
      options: { _query: query },
      isStream: true,
      abortSignal: signal,
    };
    engine.api.modem.dial({ ...request, statusCodes: { 200: true } }, (error: unknown, stream: unknown) => {
      if (error)
        reject(refusal(what, messageOf(error), 'Look with `docker images` whether it is there, then try again.'));
      else resolve(addAbortSignal(signal, stream as Readable));
    });
  });
}

async function ownPlatform(engine: DockerEngine): Promise<{ platform?: string }> {
  const version = await engine.json<{ ApiVersion: string; Os: string; Arch: string }>('GET', '/version');
  if (!version || !isAtLeast(version.ApiVersion, ONE_PLATFORM)) return {};
  return { platform: JSON.stringify({ os: version.Os, architecture: version.Arch }) };
}
