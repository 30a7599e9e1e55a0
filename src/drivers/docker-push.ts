import { HarnessError } from '../model/error.ts';
import { MAKE_ROOM, saysDiskFull } from './disk-full.ts';
import type { DockerEngine } from './docker.ts';

interface PushLine {
  status?: string;
  id?: string;
  error?: string;
}

/** What the engine wants to hear of credentials when there are none: `{}`. */
const NO_CREDENTIALS = { 'X-Registry-Auth': Buffer.from('{}').toString('base64') };

/**
 * Sends the layers of an image that a registry lacks, under a name that it has only while that lasts.
 * @param id the engine's own id of the image, so that nothing else is pushed when its name moves
 * @returns short ids of the layers that travelled: of their contents with Docker's overlay2 store, of their blobs with its containerd store
 * @throws HarnessError LOAD, or DISK_FULL, with the engine's words
 */
export async function pushImage(
  engine: DockerEngine,
  id: string,
  repository: string,
  tag: string,
  signal?: AbortSignal,
): Promise<string[]> {
  const image = (name: string) => `/images/${encodeURIComponent(name)}`;
  await must(engine.ask('POST', `${image(id)}/tag?repo=${encodeURIComponent(repository)}&tag=${tag}`), `name ${id}`);
  try {
    const options = { headers: NO_CREDENTIALS, ...(signal ? { signal } : {}) };
    const answer = await must(engine.ask('POST', `${image(repository)}/push?tag=${tag}`, undefined, options), `push ${id}`);
    const lines = answer.split('\n').flatMap((line) => (line.trim() === '' ? [] : [JSON.parse(line) as PushLine]));
    const error = lines.find((line) => line.error)?.error;
    if (error !== undefined) throw refused(`push ${id}`, error);
    return lines.flatMap((line) => (line.status === 'Pushed' && line.id ? [line.id] : []));
  } finally {
    await engine.ask('DELETE', `${image(`${repository}:${tag}`)}?noprune=1`);
  }
}

async function must(asked: Promise<{ status: number; body: Buffer }>, what: string): Promise<string> {
  const { status, body } = await asked;
  if (status >= 300) throw refused(what, body.toString('utf8'));
  return body.toString('utf8');
}

function refused(what: string, words: string): HarnessError {
  const full = saysDiskFull(words);
  return new HarnessError(full ? 'DISK_FULL' : 'LOAD', `Docker could not ${what}: ${words.trim()}`, {
    next: full ? MAKE_ROOM : 'Try again; `docker ps --all` shows the registry beside the cluster.',
  });
}
