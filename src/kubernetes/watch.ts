import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesObject } from '@kubernetes/client-node';
import { kubeLines, kubeList, type KubeAccess } from './api.ts';

/**
 * What a look at the watched objects says. `pending` carries the state that is shown while waiting,
 * and in the error when time is up.
 */
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
 * Watches collections until a judgement over them is done. Nothing is polled: the judge is asked
 * again when the API sends a change.
 * @throws whatever the judge throws, at once; WatchTimeout with the last state seen
 */
export async function watchUntil<K extends string, T>(
  kube: KubeAccess,
  options: WatchOptions<K>,
  judge: (objects: Watched<K>) => Judgement<T>,
): Promise<T> {
  options.signal?.throwIfAborted(); // an abort that came earlier sends no event any more
  const names = Object.keys(options.paths) as K[];
  const seen = new Map<K, Collection>();
  const over = new AbortController();
  let last = 'nothing seen yet';
  let due: NodeJS.Immediate | undefined;
  try {
    return await new Promise<T>((resolve, reject) => {
      const look = () => {
        const objects = Object.fromEntries(
          [...seen].map(([name, collection]) => [name, [...collection.values()]]),
        ) as Watched<K>;
        try {
          const judgement = judge(objects);
          if (judgement.state === 'done') return resolve(judgement.value);
          if (judgement.detail !== last) options.onPending?.(judgement.detail);
          last = judgement.detail;
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      // Judged after the burst of events that one change causes, and not after each of them.
      const soon = () => {
        due ??= setImmediate(() => {
          due = undefined;
          if (!over.signal.aborted && seen.size === names.length) look();
        });
      };
      sleep(options.timeout, undefined, { signal: over.signal }).then(
        () => reject(new WatchTimeout(last)),
        () => undefined,
      );
      options.signal?.addEventListener('abort', () => reject(options.signal?.reason as Error), {
        once: true,
        signal: over.signal,
      });
      for (const name of names) {
        const onChange = (collection: Collection) => {
          seen.set(name, collection);
          soon();
        };
        void follow(kube, options.paths[name], onChange, over.signal);
      }
    });
  } finally {
    over.abort();
  }
}

/** Objects by what names them within their collection. */
type Collection = Map<string, KubernetesObject>;

const keyOf = ({ metadata }: KubernetesObject) => `${metadata?.namespace}/${metadata?.name}`;

/** Keeps a copy of a collection up to date until the signal ends it. */
async function follow(
  kube: KubeAccess,
  path: string,
  onChange: (collection: Collection) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const { items, version } = await kubeList(kube, path);
      const collection: Collection = new Map(items.map((object) => [keyOf(object), object]));
      onChange(collection);
      const from = `watch=true&allowWatchBookmarks=true&resourceVersion=${version}`;
      for await (const line of kubeLines(kube, `${path}?${from}`, signal)) {
        const { type, object } = JSON.parse(line) as { type: string; object: KubernetesObject };
        if (type === 'ERROR') break; // such as a version that the server has forgotten: listed anew
        if (type === 'BOOKMARK') continue;
        if (type === 'DELETED') collection.delete(keyOf(object));
        else collection.set(keyOf(object), object);
        onChange(collection);
      }
    } catch {
      // The connection broke, or the API server is not up yet. The pause keeps a server that is
      // starting from being asked without end.
      await sleep(RECONNECT_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
