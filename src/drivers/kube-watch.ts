import type { KubernetesListObject, KubernetesObject } from '@kubernetes/client-node';
import { setTimeout as sleep } from 'node:timers/promises';
import { kubeRequest, type Kube } from './kubernetes.ts';

/** What a look at the watched objects says. `pending` carries the state that is shown while waiting, and in the error when time is up. */
export type Judgement<T> = { state: 'done'; value: T } | { state: 'pending'; detail: string };

/** Objects by the name that was given to their collection. */
export type Watched<K extends string> = Record<K, KubernetesObject[]>;

const RECONNECT_MS = 250;

interface WatchOptions<K extends string> {
  /** Collections to watch: a name of one's own to a list path of the API. */
  paths: Record<K, string>;
  /** Milliseconds. */
  timeout: number;
  signal?: AbortSignal;
  /** Called when the pending state has new words. */
  onPending?: (detail: string) => void;
}

/** Time was up; `message` is the last state seen. */
export class WatchTimeout extends Error {
  override readonly name = 'WatchTimeout';
}

/**
 * Watches collections until a judgement over them is done. Nothing is polled: the judge is asked again when the API sends a change.
 * @throws whatever the judge throws, at once; WatchTimeout with the last state seen
 */
export async function watchUntil<K extends string, T>(
  kube: Kube,
  options: WatchOptions<K>,
  judge: (objects: Watched<K>) => Judgement<T>,
): Promise<T> {
  options.signal?.throwIfAborted(); // an abort that came earlier sends no event any more
  const { makeInformer } = await import('@kubernetes/client-node');
  const names = Object.keys(options.paths) as K[];
  const listed = new Set<K>();
  let last = 'nothing seen yet';
  let over = false;
  let due: NodeJS.Immediate | undefined;
  let look: () => void = () => undefined;
  // Judged after the burst of events that one change causes, and not after each of them.
  const soon = () => {
    due ??= setImmediate(() => {
      due = undefined;
      if (!over && listed.size === names.length) look();
    });
  };

  const informers = names.map((name) => {
    const path = options.paths[name];
    const informer = makeInformer<KubernetesObject>(kube.config, path, async () => {
      const list = await kubeRequest<KubernetesListObject<KubernetesObject>>(kube, 'GET', path);
      listed.add(name);
      soon();
      return list;
    });
    informer.on('change', soon);
    informer.on('error', () => {
      // The connection broke, or the API server is not up yet. The pause keeps a server that is starting from being asked without end.
      void sleep(RECONNECT_MS).then(begin);
    });
    const begin = async () => {
      if (!over) await informer.start();
      // A watch that is still connecting when everything is over cannot be aborted before it is open; left open it would keep the process alive.
      if (over) await informer.stop();
    };
    return { name, informer, begin };
  });

  const deadline = new AbortController();
  try {
    return await new Promise<T>((resolve, reject) => {
      look = () => {
        const objects = Object.fromEntries(informers.map(({ name, informer }) => [name, informer.list()])) as unknown as Watched<K>;
        try {
          const judgement = judge(objects);
          if (judgement.state === 'done') return resolve(judgement.value);
          if (judgement.detail !== last) options.onPending?.(judgement.detail);
          last = judgement.detail;
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      sleep(options.timeout, undefined, { signal: deadline.signal }).then(
        () => reject(new WatchTimeout(last)),
        () => undefined,
      );
      options.signal?.addEventListener('abort', () => reject(options.signal?.reason as Error), { once: true, signal: deadline.signal });
      for (const { begin } of informers) void begin();
    });
  } finally {
    over = true;
    deadline.abort();
    await Promise.all(informers.map(({ informer }) => informer.stop()));
  }
}
