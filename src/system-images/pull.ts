import { HarnessError, messageOf } from '../core/error.ts';
import type { DockerEngine } from '../docker/engine.ts';

/**
 * Checks whether a registry offers an image to this engine. A registry that needs longer than
 * `deadline` (milliseconds) counts as unreachable, because pulling hundreds of megabytes from it
 * would take too long.
 * @returns why the image cannot be pulled; undefined if it can
 */
export async function whyNotPullable(
  engine: DockerEngine,
  reference: string,
  deadline = 5000,
): Promise<string | undefined> {
  const answer = engine.api
    .getImage(reference)
    .distribution()
    .then(
      () => undefined,
      (error: unknown) => engineMessage(error),
    );
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${deadline / 1000} s`), deadline);
  });
  try {
    return await Promise.race([answer, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Pulls an image and reports its progress.
 * @throws HarnessError NODE_IMAGE when the registry refuses, INTERRUPTED.
 */
export async function pull(
  engine: DockerEngine,
  reference: string,
  progress: (detail: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    const stream = await engine.api.pull(reference, signal ? { abortSignal: signal } : {});
    const layers = new Map<string, { current: number; total: number }>();
    await new Promise<void>((resolve, reject) => {
      const done = (error: Error | null, events: PullEvent[]) => {
        const failure = error?.message ?? events.find((event) => event.error)?.error;
        if (failure === undefined) resolve();
        else reject(new Error(failure));
      };
      engine.api.modem.followProgress(stream, done, (event: PullEvent) => {
        const { id, status, progressDetail } = event;
        if (status !== 'Downloading' || !id || !progressDetail?.total) return;
        layers.set(id, { current: progressDetail.current ?? 0, total: progressDetail.total });
        progress(`pulled ${megabytes(layers, 'current')} of ${megabytes(layers, 'total')} MB`);
      });
    });
  } catch (error) {
    if (signal?.aborted) throw new HarnessError('INTERRUPTED', `Pulling ${reference} was interrupted.`);
    throw new HarnessError('NODE_IMAGE', `Could not pull image ${reference}: ${engineMessage(error)}.`, {
      next: 'Check its name in the configuration, or remove it; the harness then finds or builds a node image itself.',
      cause: error,
    });
  }
}

/** The engine's own message, without the text that the client adds. */
function engineMessage(error: unknown): string {
  const { json } = error as { json?: { message?: unknown } };
  return (typeof json?.message === 'string' ? json.message : messageOf(error)).trim();
}

interface PullEvent {
  id?: string;
  status?: string;
  progressDetail?: { current?: number; total?: number };
  error?: string;
}

function megabytes(layers: Map<string, { current: number; total: number }>, key: 'current' | 'total'): number {
  return Math.round([...layers.values()].reduce((sum, layer) => sum + layer[key], 0) / 1e6);
}
