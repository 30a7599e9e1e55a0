import { addAbortSignal, type Readable } from 'node:stream';
import { messageOf } from '../core/error.ts';
import { isAtLeast } from '../core/version.ts';
import type { DockerEngine } from './engine.ts';
import { refusal } from './refusal.ts';

/** The first version of the engine's API that can save one platform of several. */
const ONE_PLATFORM = '1.48';

/**
 * Streams `docker save` of some images, without a file and without keeping it in memory. The
 * archive has each shared layer once. The engine refuses the whole request if it lacks an image.
 * From Docker's containerd store, only the engine's own platform is saved: the other platforms may
 * be listed without being present (kind#3795).
 * @param signal destroys the stream, so that a partial archive is not taken for a complete one
 * @throws HarnessError LOAD, or DISK_FULL, with the engine's message
 */
export async function saveImages(
  engine: DockerEngine,
  references: readonly string[],
  inContainerd: boolean,
  signal: AbortSignal,
): Promise<Readable> {
  const query = { names: references, ...(inContainerd ? await ownPlatform(engine) : {}) };
  const action = `save ${references.join(', ')}`;
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
        reject(refusal(action, messageOf(error), 'Check with `docker images` that it exists, then try again.'));
      else resolve(addAbortSignal(signal, stream as Readable));
    });
  });
}

async function ownPlatform(engine: DockerEngine): Promise<{ platform?: string }> {
  const version = await engine.json<{ ApiVersion: string; Os: string; Arch: string }>('GET', '/version');
  if (!version || !isAtLeast(version.ApiVersion, ONE_PLATFORM)) return {};
  return { platform: JSON.stringify({ os: version.Os, architecture: version.Arch }) };
}
