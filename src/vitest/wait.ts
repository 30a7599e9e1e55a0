import type { KubernetesObject } from '@kubernetes/client-node';
import { watchUntil, WatchTimeout } from '../kubernetes/watch.ts';
import { kubeList, type KubeObject } from '../kubernetes/api.ts';
import { seconds } from '../core/words.ts';
import { COLLECTIONS, judgeCondition, STEADY_MS, neighboursOf, type Verdict, type Wanted } from '../deploying/judge-condition.ts';
import { refWords, type ObjectRef } from '../kubernetes/object-ref.ts';
import type { PodFailure } from '../deploying/judge-workload.ts';
import { failure } from './failure.ts';
import type { Namespace } from './namespace.ts';
import type { Cluster } from './provided.ts';

/** What to wait for. */
export type Condition<T> = 'ready' | 'gone' | (string & {}) | ((object: T) => boolean);

export interface WaitOptions {
  /** Milliseconds. Default: until a moment before the test's own time-out. */
  deadline?: number;
}

/** How a wait is bounded. */
export interface Bounds {
  timeout: number;
  signal?: AbortSignal;
}

/** See `Namespace.waitFor`. */
export async function waitFor<T extends KubeObject>(
  namespace: Namespace,
  ref: ObjectRef,
  condition: Condition<T>,
  { deadline }: WaitOptions,
): Promise<T> {
  const { patience, signal } = namespace.scope.options;
  const bounds = { timeout: deadline ?? patience(), ...(signal === undefined ? {} : { signal }) };
  const verdict = await watchFor(namespace.cluster, ref, wantedFrom(condition), bounds);
  if (verdict.state === 'met') return verdict.object as T;
  const words = typeof condition === 'function' ? 'as wanted' : condition;
  throw failure(`${refWords(ref)} is not ${words}${verdict.state === 'pending' ? ` after ${seconds(bounds.timeout)}` : ''}.`, {
    detail: verdictWords(verdict),
  });
}

function wantedFrom<T>(condition: Condition<T>): Wanted {
  if (typeof condition === 'function') return { holds: condition as (object: KubernetesObject) => boolean };
  if (condition === 'ready' || condition === 'gone') return condition as 'ready' | 'gone';
  return { condition, status: 'True' };
}

/** What a verdict says that is not as wanted. */
export function verdictWords(verdict: Exclude<Verdict, { state: 'met' }>): string {
  return verdict.state === 'pending' ? `last seen: ${verdict.detail}` : failureWords(verdict.failure);
}

/** Why a pod will not come up, in one line. */
function failureWords({ pod, container, reason, message }: PodFailure): string {
  return `${container === undefined ? '' : `container ${container} of the `}pod ${pod}: ${reason}${message === '' ? '' : `: ${message}`}`;
}

/** Watches an object until it is as wanted and stays so, or will never be, or time is up. */
export async function watchFor(cluster: Cluster, ref: ObjectRef, wanted: Wanted, bounds: Bounds): Promise<Verdict> {
  const paths = await pathsFor(cluster, ref, wanted);
  const end = Date.now() + bounds.timeout;
  let last: Verdict = { state: 'pending', detail: 'nothing seen yet' };
  /** @returns the first verdict that will do, or the last one of all */
  const until = async (time: number, willDo: (verdict: Verdict) => boolean): Promise<Verdict> => {
    try {
      return await watchUntil<string, Verdict>(cluster.kube, { ...bounds, paths, timeout: Math.max(time - Date.now(), 0) }, (seen) => {
        last = judgeCondition(ref, wanted, seen);
        return willDo(last) ? { state: 'done', value: last } : { state: 'pending', detail: '' };
      });
    } catch (error) {
      if (error instanceof WatchTimeout) return last;
      throw error;
    }
  };
  for (;;) {
    const first = await until(end, ({ state }) => state !== 'pending');
    if (first.state !== 'met' || first.steadyAt <= Date.now()) return first;
    // A container that crashes is started again at once, and may never show as "not ready": but its start is another one then.
    const steady = Math.min(first.steadyAt, Date.now() + STEADY_MS); // the node's clock may be hours ahead
    const then = await until(Math.min(steady, end), (verdict) => verdict.state !== 'met' || verdict.steadyAt > first.steadyAt);
    if (then.state !== 'pending' && (then.state === 'hopeless' || then.steadyAt <= first.steadyAt)) return then;
  }
}

/** Looks at an object once. */
export async function look(cluster: Cluster, ref: ObjectRef, wanted: Wanted): Promise<Verdict> {
  const paths = Object.entries(await pathsFor(cluster, ref, wanted));
  const lists = paths.map(async ([name, path]) => {
    return [name, (await kubeList(cluster.kube, path)).items] as const;
  });
  return judgeCondition(ref, wanted, Object.fromEntries(await Promise.all(lists)));
}

async function pathsFor({ resources }: Cluster, ref: ObjectRef, wanted: Wanted): Promise<Record<string, string>> {
  const { apiVersion, kind, name, namespace } = ref;
  const path = await resources.pathOf({ apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } }, '');
  const neighbours = wanted === 'ready' ? neighboursOf(kind) : [];
  return {
    own: path.slice(0, path.lastIndexOf('/')),
    ...Object.fromEntries(neighbours.map((each) => [each, `${COLLECTIONS[each]}/namespaces/${namespace}/${each}`])),
  };
}
