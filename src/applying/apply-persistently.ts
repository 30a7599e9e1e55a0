import { setTimeout as sleep } from 'node:timers/promises';
import { KubeApiError } from '../kubernetes/api.ts';
import { refusalOf } from './apply-object.ts';
import { whyItPasses, type Expected } from './judge-refusal.ts';

export interface Persistence {
  expected: Expected;
  /** Milliseconds since the epoch; then the refusal is an error. */
  deadline: number;
  /** Told of each refusal that passes by itself. */
  onRefused: (why: string, message: string) => void;
  signal: AbortSignal;
}

/** Something that is tried until it succeeds. */
export interface Attempt {
  /** Resolves after the first try, also if that was refused for now. Rejects with `done`. */
  tried: Promise<void>;
  /** Rejects if it was refused for good, or until the deadline. */
  done: Promise<void>;
  isDone: () => boolean;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4_000;

/** Tries something again as long as it is refused for a reason that passes by itself. */
export function applyPersistently(work: () => Promise<void>, persistence: Persistence): Attempt {
  const first = Promise.withResolvers<void>();
  let isDone = false;
  const done = tryUntilDone(work, persistence, first.resolve).then(() => {
    isDone = true;
  });
  done.catch(() => undefined); // whoever waits for it sees the error
  return { tried: Promise.race([first.promise, done]), done, isDone: () => isDone };
}

async function tryUntilDone(
  work: () => Promise<void>,
  { expected, deadline, onRefused, signal }: Persistence,
  onFirst: () => void,
): Promise<void> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      return await work();
    } catch (error) {
      const refusal = refusalOf(error);
      const why = whyItPasses(refusal, expected);
      const wait = Math.max(pause, (error instanceof KubeApiError && error.retryAfter) || 0);
      if (why === undefined || Date.now() + wait > deadline) throw error;
      onRefused(why, refusal.message);
      onFirst();
      await sleep(wait, undefined, { signal });
    }
  }
}
