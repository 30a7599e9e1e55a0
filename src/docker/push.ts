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

/** What the engine wants to hear of credentials when there are none: `{}`. */
const NO_CREDENTIALS = { 'X-Registry-Auth': Buffer.from('{}').toString('base64') };

/**
 * Sends the layers of an image that a registry lacks, under a name that it has only while that
 * lasts.
 * @param id the engine's own id of the image, so that nothing else is pushed when its name moves
 * @returns short ids of the layers that travelled: of their contents with Docker's overlay2 store,
 * of their blobs with its containerd store
 * @param stalledAfter milliseconds without a word of the engine after which it is given up
 * @throws HarnessError LOAD, or DISK_FULL, with the engine's words
 */
export async function pushImage(
  engine: DockerEngine,
  id: string,
  repository: string,
  tag: string,
  signal?: AbortSignal,
  stalledAfter = STALLED_AFTER,
): Promise<string[]> {
  const image = (name: string) => `/images/${encodeURIComponent(name)}`;
  await must(engine.ask('POST', `${image(id)}/tag?repo=${encodeURIComponent(repository)}&tag=${tag}`), `name ${id}`);
  const stall = watchForStall(stalledAfter);
  const broken = new AbortController();
  const onData = (piece: Buffer) => {
    stall.progress();
    // five times, for 50 s in all; what is on this machine and breaks off is down, or full
    if (piece.includes('"Retrying in ')) broken.abort();
  };
  try {
    const either = AbortSignal.any([stall.signal, broken.signal, ...(signal ? [signal] : [])]);
    const options = { headers: NO_CREDENTIALS, signal: either, onData };
    const answer = await must(
      engine.ask('POST', `${image(repository)}/push?tag=${tag}`, undefined, options),
      `push ${id}`,
    );
    const lines = answer.split('\n').flatMap((line) => (line.trim() === '' ? [] : [JSON.parse(line) as PushLine]));
    const error = lines.find((line) => line.error)?.error;
    if (error !== undefined) throw refused(`push ${id}`, error);
    return lines.flatMap((line) => (line.status === 'Pushed' && line.id ? [line.id] : []));
  } catch (error) {
    if (signal?.aborted) throw error;
    if (broken.signal.aborted) throw refused(`push ${id}`, 'the registry broke off');
    if (!stall.signal.aborted) throw error;
    throw new HarnessError('LOAD', `Docker has pushed nothing of ${id} for ${seconds(stalledAfter)}.`, {
      next: "Look at the registry beside the cluster with `docker logs`, then try again; `load: { transport: 'archive' }` needs none.",
      cause: error,
    });
  } finally {
    stall.end();
    // What happened before counts more; a name that stays is taken away by the next load of this
    // image, or by `harness prune`.
    await dropName(engine, `${repository}:${tag}`).catch(() => undefined);
  }
}

/** Takes the name away that an image had for a push; the image stays. */
export async function dropName(engine: DockerEngine, name: string): Promise<void> {
  await engine.ask('DELETE', `/images/${encodeURIComponent(name)}?noprune=1`);
}

async function must(asked: Promise<{ status: number; body: Buffer }>, what: string): Promise<string> {
  const { status, body } = await asked;
  if (status >= 300) throw refused(what, body.toString('utf8'));
  return body.toString('utf8');
}

function refused(what: string, words: string): HarnessError {
  return refusal(what, words, 'Try again; `docker ps --all` shows the registry beside the cluster.');
}
