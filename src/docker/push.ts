import { HarnessError } from '../core/error.ts';
import { seconds } from '../core/words.ts';
import { STALLED_AFTER, watchForStall } from '../machine/stall.ts';
import type { DockerEngine } from './engine.ts';
import { refusal } from './refusal.ts';

interface PushLine {
  status?: string;
  id?: string;
  error?: string;
}

/** Where an image is pushed to. */
export interface PushTarget {
  repository: string;
  tag: string;
  /** Undefined for a registry that asks for none. */
  login?: { username: string; password: string } | undefined;
}

/**
 * Pushes the layers of an image that a registry lacks. The image has the registry's name only
 * during the push.
 * @param id the engine's own id of the image, so that a moved name cannot push another image
 * @param stalledAfter milliseconds without output from the engine until the push is aborted
 * @returns short ids of the pushed layers: of their contents with Docker's overlay2 store, of their
 * blobs with its containerd store
 * @throws HarnessError LOAD, or DISK_FULL, with the engine's message
 */
export async function pushImage(
  engine: DockerEngine,
  id: string,
  { repository, tag, login }: PushTarget,
  signal?: AbortSignal,
  stalledAfter = STALLED_AFTER,
): Promise<string[]> {
  const image = (name: string) => `/images/${encodeURIComponent(name)}`;
  await successful(
    engine.ask('POST', `${image(id)}/tag?repo=${encodeURIComponent(repository)}&tag=${tag}`),
    `name ${id}`,
  );
  const stall = watchForStall(stalledAfter);
  const retrying = new AbortController();
  const onData = (chunk: Buffer) => {
    stall.progress();
    // Docker retries five times, for 50 s in all. A local registry that fails is down or full, so
    // retrying does not help.
    if (chunk.includes('"Retrying in ')) retrying.abort();
  };
  try {
    // The engine requires the header even without credentials.
    const headers = { 'X-Registry-Auth': Buffer.from(JSON.stringify(login ?? {})).toString('base64url') };
    const combined = AbortSignal.any([stall.signal, retrying.signal, ...(signal ? [signal] : [])]);
    const options = { headers, signal: combined, onData };
    const answer = await successful(
      engine.ask('POST', `${image(repository)}/push?tag=${tag}`, undefined, options),
      `push ${id}`,
    );
    const lines = answer.split('\n').flatMap((line) => (line.trim() === '' ? [] : [JSON.parse(line) as PushLine]));
    const error = lines.find((line) => line.error)?.error;
    if (error !== undefined) throw refused(`push ${id}`, error);
    return lines.flatMap((line) => (line.status === 'Pushed' && line.id ? [line.id] : []));
  } catch (error) {
    if (signal?.aborted) throw error;
    if (retrying.signal.aborted) throw refused(`push ${id}`, 'the registry closed the connection');
    if (!stall.signal.aborted) throw error;
    throw new HarnessError(
      'LOAD',
      `Pushing ${id} to the local registry made no progress for ${seconds(stalledAfter)}.`,
      {
        next: "See the log of the local registry with `docker logs`, then try again. `load: { transport: 'archive' }` needs no registry.",
        cause: error,
      },
    );
  } finally {
    stall.end();
    // An error of the push matters more than one here. The next load of this image or
    // `harness prune` removes a name that is left.
    await dropName(engine, `${repository}:${tag}`).catch(() => undefined);
  }
}

/** Removes a name that an image had for a while. The image stays if it has another one. */
export async function dropName(engine: DockerEngine, name: string): Promise<void> {
  await engine.ask('DELETE', `/images/${encodeURIComponent(name)}?noprune=1`);
}

async function successful(answer: Promise<{ status: number; body: Buffer }>, action: string): Promise<string> {
  const { status, body } = await answer;
  if (status >= 300) throw refused(action, body.toString('utf8'));
  return body.toString('utf8');
}

function refused(action: string, reason: string): HarnessError {
  return refusal(action, reason, 'Try again. `docker ps --all` lists the local registry.');
}
