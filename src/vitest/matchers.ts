import { expect, type MatcherState } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../core/error.ts';
import { seconds } from '../core/words.ts';
import type { Wanted } from '../deploying/judge-condition.ts';
import { blacken } from '../kubernetes/redact.ts';
import { refOf, refWords, type ObjectRef } from '../kubernetes/object-ref.ts';
import { awaitLine } from './log-watch.ts';
import { logsOf } from './logs.ts';
import { Namespace } from './namespace.ts';
import { podsMeant } from './pods.ts';
import { openCluster } from './provided.ts';
import { secretsIn } from './secrets.ts';
import { Scope } from './scope.ts';
import { look, verdictWords, watchFor, type Bounds, type WaitOptions } from './wait.ts';

/** What `expect` can say of the cluster. Each waits until it is so, unless `not` stands before it: then it looks once. */
export interface ClusterMatchers {
  /**
   * An object is ready: a workload's pods run as it says and are ready, a Job is complete, a Service leads to a ready pod, anything else has the
   * condition `Ready`.
   */
  toBeReady: (options?: WaitOptions) => Promise<void>;
  /** A pod, or one of a workload, has printed such a line. */
  toHaveLogged: (line: RegExp | string, options?: WaitOptions) => Promise<void>;
  /** An object's status has this condition (default: `True`). */
  toHaveCondition: (type: string, status?: string, options?: WaitOptions) => Promise<void>;
  /** A URL answers with a status below 500. */
  toBeReachable: (options?: WaitOptions) => Promise<void>;
}

declare module 'vitest' {
  // The parameters must be those of vitest's own declaration.
  // eslint-disable-next-line @typescript-eslint/no-unused-vars, @typescript-eslint/no-empty-object-type
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> extends ClusterMatchers {}
}

const INTERVAL_MS = 100;
const ANSWER_MS = 5_000;
/** Where no fixture of this package tells how long the test may take. */
const PATIENCE = 4_000;

const scopes = new WeakMap<object, Scope>();

/** Has matchers know what test they work for. */
export function enterScope(task: object, scope: Scope): void {
  scopes.set(task, scope);
}

type Answer = Promise<{ pass: boolean; message: () => string }>;

expect.extend({
  toBeReady(received: unknown, options?: WaitOptions): Answer {
    return stateOf(this, received, 'ready', 'ready', options);
  },
  toHaveCondition(received: unknown, type: string, status = 'True', options?: WaitOptions): Answer {
    return stateOf(this, received, { condition: type, status }, `as it should be: ${type}=${status}`, options);
  },
  async toHaveLogged(received: unknown, line: RegExp | string, options?: WaitOptions): Answer {
    const ref = refOf(received);
    const cluster = await openCluster();
    const scope = scopeOf(this) ?? new Scope({ file: '', name: '', patience: () => PATIENCE });
    const namespace = new Namespace(ref.namespace ?? '', cluster, scope);
    const isWanted = typeof line === 'string' ? (text: string) => text.includes(line) : (text: string) => text.search(line) !== -1;
    const bounds = boundsOf(this, options);
    const { found, last } = this.isNot
      ? await readLines(namespace, ref, isWanted)
      : await awaitLine(namespace, await podsMeant(namespace, ref), isWanted, bounds);
    const lines = blacken(last.map((text) => `  | ${text}`).join('\n'), found ? [] : await secretsIn(namespace));
    const printed = last.length === 0 ? 'it printed nothing' : `last lines:\n${lines}`;
    const wanted = typeof line === 'string' ? JSON.stringify(line) : String(line);
    return {
      pass: found,
      message: () =>
        found ? `${refWords(ref)} has printed ${wanted}.` : `${refWords(ref)} has not printed ${wanted}${after(bounds)}; ${printed}`,
    };
  },
  async toBeReachable(received: unknown, options?: WaitOptions): Answer {
    const url = String(received);
    const bounds = boundsOf(this, options);
    const deadline = Date.now() + bounds.timeout;
    for (;;) {
      const { pass, seen } = await ask(url, Math.min(ANSWER_MS, Math.max(deadline - Date.now(), INTERVAL_MS)));
      const words = pass ? `${url} is reachable: ${seen}` : `${url} is not reachable${after(bounds)}; last seen: ${seen}`;
      if (pass || this.isNot || Date.now() + INTERVAL_MS > deadline) return { pass, message: () => words };
      await sleep(INTERVAL_MS, undefined, bounds.signal ? { signal: bounds.signal } : {}); // nothing tells when a URL begins to answer
    }
  },
});

/** What was printed so far. */
async function readLines(namespace: Namespace, ref: ObjectRef, isWanted: (line: string) => boolean): ReturnType<typeof awaitLine> {
  const [before, now] = await Promise.all([logsOf(namespace, ref, { previous: true }), logsOf(namespace, ref, {})]);
  return { found: `${before}${now}`.split('\n').some(isWanted), last: [] };
}

async function stateOf(state: MatcherState, received: unknown, wanted: Wanted, words: string, options?: WaitOptions): Answer {
  const ref = refOf(received);
  const cluster = await openCluster();
  const bounds = boundsOf(state, options);
  const verdict = state.isNot ? await look(cluster, ref, wanted) : await watchFor(cluster, ref, wanted, bounds);
  if (verdict.state === 'met') return { pass: true, message: () => `${refWords(ref)} is ${words}.` };
  const waited = verdict.state === 'pending' ? after(bounds) : '';
  return { pass: false, message: () => `${refWords(ref)} is not ${words}${waited}; ${verdictWords(verdict)}` };
}

async function ask(url: string, timeout: number): Promise<{ pass: boolean; seen: string }> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeout), redirect: 'manual' });
    await response.body?.cancel();
    return { pass: response.status < 500, seen: `status ${response.status}` };
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause)}` : '';
    return { pass: false, seen: `${messageOf(error)}${cause}` };
  }
}

function after({ timeout }: Bounds): string {
  return ` after ${seconds(timeout)}`;
}

function scopeOf({ task }: MatcherState): Scope | undefined {
  return task && scopes.get(task);
}

function boundsOf(state: MatcherState, options: WaitOptions = {}): Bounds {
  const { patience, signal } = scopeOf(state)?.options ?? { patience: () => PATIENCE };
  return { timeout: options.deadline ?? patience(), ...(signal === undefined ? {} : { signal }) };
}
