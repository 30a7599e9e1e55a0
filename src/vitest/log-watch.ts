import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import { watchUntil, WatchTimeout } from '../kubernetes/watch.ts';
import { kubeLines } from '../kubernetes/api.ts';
import type { Namespace } from './namespace.ts';
import { inWords } from './failure.ts';
import { podsPath, type PodsMeant } from './pods.ts';
import type { Bounds } from './wait.ts';

/**
 * Follows the logs of pods, those of restarted containers too, until a line is as wanted or time is up.
 * @returns whether one was, and the last lines that were not
 */
export async function awaitLine(
  namespace: Namespace,
  { includes }: PodsMeant,
  isWanted: (line: string) => boolean,
  { timeout, signal }: Bounds,
): Promise<{ found: boolean; last: string[] }> {
  const { kube } = namespace.cluster;
  const over = new AbortController();
  const followed = new Set<string>();
  const last: string[] = [];
  let found: () => void = () => undefined;
  const follow = async (pod: string, container: string, previous: boolean) => {
    const query = new URLSearchParams({ container, follow: String(!previous), previous: String(previous) });
    for await (const line of kubeLines(kube, `${podsPath(namespace)}/${pod}/log?${query.toString()}`, over.signal)) {
      if (isWanted(line)) return found();
      last.push(line);
      if (last.length > LAST_LINES) last.shift();
    }
  };
  const begin = ({ metadata, status }: V1Pod) => {
    for (const container of [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]) {
      for (const which of lives(container)) {
        const key = `${metadata?.uid}/${container.name}/${which.life}`;
        if (followed.has(key)) continue;
        followed.add(key);
        // A log that is gone before it could be read belongs to a container of the past; the next change shows the one that followed.
        follow(metadata?.name ?? '', container.name, which.previous).catch(() => undefined);
      }
    }
  };
  const bounds = { timeout, signal: signal ? AbortSignal.any([signal, over.signal]) : over.signal };
  try {
    return await new Promise((resolve, reject) => {
      found = () => resolve({ found: true, last });
      watchUntil(kube, { paths: { pods: podsPath(namespace) }, ...bounds }, ({ pods }) => {
        (pods as V1Pod[]).filter(includes).forEach(begin);
        return { state: 'pending', detail: '' };
      }).catch((error: unknown) => {
        if (error instanceof WatchTimeout) resolve({ found: false, last });
        else reject(inWords(error));
      });
    });
  } finally {
    over.abort();
  }
}

const LAST_LINES = 10;

/** The logs that a container has: of its present life, once that has begun, and of the one before. */
function lives({ state, restartCount }: V1ContainerStatus): { life: number; previous: boolean }[] {
  const present = state?.running || state?.terminated ? [{ life: restartCount, previous: false }] : [];
  return restartCount > 0 ? [{ life: restartCount - 1, previous: true }, ...present] : present;
}
