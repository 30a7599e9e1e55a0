import { HarnessError, messageOf } from '../core/error.ts';
import type { DockerEngine } from '../docker/engine.ts';

/**
 * Whether a registry offers an image to this engine: the reason why not, or undefined. A registry
 * that needs longer than `deadline` (milliseconds) is as good as none: pulling hundreds of
 * megabytes from it would take longer than anyone waits.
 */
export async function whyNotPullable(
  engine: DockerEngine,
  reference: string,
  deadline = 5000,
): Promise<string | undefined> {
  const asked = engine.api
    .getImage(reference)
    .distribution()
    .then(
      () => undefined,
      (error: unknown) => engineMessage(error),
    );
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${deadline / 1000} s`), deadline);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Pulls an image and tells how far it is.
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
    throw new HarnessError('NODE_IMAGE', `The image ${reference} could not be pulled: ${engineMessage(error)}.`, {
      next: 'Check its name in the configuration, or take it out: then the harness finds or builds a node image by itself.',
      cause: error,
    });
  }
}

/** What the engine itself said, without the client's words around it. */
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
