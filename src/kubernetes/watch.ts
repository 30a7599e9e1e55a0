import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesObject } from '@kubernetes/client-node';
import { messageOf } from '../core/error.ts';
import { kubeLines, kubeList, statusOf, type KubeAccess } from './api.ts';

/**
 * The result of judging the watched objects. The `detail` of a pending one is shown while waiting,
 * and in the error after a timeout.
 */
export type Judgement<T> = { state: 'done'; value: T } | { state: 'pending'; detail: string };

/** The watched objects, by the name given to their collection. */
export type Watched<K extends string> = Record<K, KubernetesObject[]>;

const RECONNECT_MS = 250;

interface WatchOptions<K extends string> {
  /** Collections to watch: list paths of the API, each under a name of the caller's choice. */
  paths: Record<K, string>;
  /** Milliseconds. */
  timeout: number;
  signal?: AbortSignal | undefined;
  /** Called when the detail of the pending state changes. */
  onPending?: ((detail: string) => void) | undefined;
}

/** The timeout expired; `message` is the last state seen. */
export class WatchTimeout extends Error {
  override readonly name = 'WatchTimeout';
}

/**
 * Watches collections until a judgement over them is done. Nothing is polled: the judge is asked
 * again when the API reports a change.
 * @throws at once, whatever the judge throws; WatchTimeout with the last state seen, or with why the
 * server does not show it
 */
export async function watchUntil<K extends string, T>(
  kube: KubeAccess,
  { paths, timeout, signal, onPending }: WatchOptions<K>,
  judge: (objects: Watched<K>) => Judgement<T>,
): Promise<T> {
  signal?.throwIfAborted(); // a signal that is already aborted sends no event
  const finished = new AbortController();
  let lastDetail = 'nothing seen yet';
  const judged = new Promise<T>((resolve, reject) => {
    const onChange = (objects: Watched<K>) => {
      try {
        const judgement = judge(objects);
        if (judgement.state === 'done') return resolve(judgement.value);
        if (judgement.detail !== lastDetail) onPending?.(judgement.detail);
        lastDetail = judgement.detail;
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    const onRefused = (message: string) => (lastDetail = message);
    watchAll(kube, paths, onChange, onRefused, finished.signal);
  });
  const timedOut = sleep(timeout, undefined, { signal: finished.signal }).then(() => {
    throw new WatchTimeout(lastDetail);
  });
  try {
    return await Promise.race([judged, timedOut, ...(signal ? [rejectOnAbort(signal, finished.signal)] : [])]);
  } finally {
    finished.abort();
  }
}

/** @param finished removes the listener */
function rejectOnAbort(signal: AbortSignal, finished: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true, signal: finished });
  });
}

/**
 * Watches collections until the signal ends it; reports changes once all of them were listed. A watch
 * needs a connection of its own, so it only begins if the listed objects do not end it all.
 */
function watchAll<K extends string>(
  kube: KubeAccess,
  paths: Record<K, string>,
  onChange: (objects: Watched<K>) => void,
  onRefused: (message: string) => void,
  signal: AbortSignal,
): void {
  const names = Object.keys(paths) as K[];
  const collections = new Map<K, Collection>();
  let scheduled: NodeJS.Immediate | undefined;
  const reported = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => reported.resolve(), { once: true });
  // One change causes a burst of events; report it once, after the burst.
  const report = () => {
    scheduled = undefined;
    if (signal.aborted || collections.size < names.length) return;
    const objects = [...collections].map(([name, collection]) => [name, [...collection.values()]]);
    onChange(Object.fromEntries(objects) as Watched<K>);
    setImmediate(reported.resolve); // by then the signal has ended it, if nothing is left to wait for
  };
  for (const name of names) {
    const onCollection = (collection: Collection, isLastSight = false) => {
      collections.set(name, collection);
      if (isLastSight) report();
      else scheduled ??= setImmediate(report);
    };
    void follow(kube, paths[name], { onChange: onCollection, onRefused, mayWatch: reported.promise }, signal);
  }
}

/** Objects by namespace and name. */
type Collection = Map<string, KubernetesObject>;

const keyOf = ({ metadata }: KubernetesObject) => `${metadata?.namespace}/${metadata?.name}`;

interface Follower {
  onChange: (collection: Collection, isLastSight?: boolean) => void;
  onRefused: (message: string) => void;
  /** Resolves when the collection is to be watched, after it was listed. */
  mayWatch: Promise<void>;
}

/** Keeps a copy of a collection up to date until the signal ends it. */
async function follow(
  kube: KubeAccess,
  path: string,
  { onChange, onRefused, mayWatch }: Follower,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const { items, version } = await kubeList(kube, path);
      const collection: Collection = new Map(items.map((object) => [keyOf(object), object]));
      onChange(collection);
      await mayWatch;
      if (signal.aborted) return;
      const query = `watch=true&allowWatchBookmarks=true&resourceVersion=${version}`;
      for await (const line of kubeLines(kube, `${path}${path.includes('?') ? '&' : '?'}${query}`, signal)) {
        const { type, object } = JSON.parse(line) as { type: string; object: KubernetesObject };
        if (type === 'ERROR') throw new Error('the watch ended'); // such as a version that the server no longer has
        if (type === 'BOOKMARK') continue;
        collection.set(keyOf(object), object);
        // What a deleted object was at last, such as a failed job, is seen once more.
        onChange(collection, type === 'DELETED');
        if (type !== 'DELETED') continue;
        collection.delete(keyOf(object));
        onChange(collection);
      }
    } catch (error) {
      // Not the end: a server that is starting does not know its own roles yet.
      if (statusOf(error) !== undefined) onRefused(messageOf(error));
      // The connection broke, or the API server is not up yet. Pause, so as not to flood a server
      // that is starting.
      await sleep(RECONNECT_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
