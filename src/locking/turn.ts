import { setTimeout as sleep } from 'node:timers/promises';
import { HarnessError } from '../core/error.ts';
import { seconds } from '../core/words.ts';
import { describeHolder, type Holder } from './holder.ts';
import { isParent } from './judge-holder.ts';

/**
 * The variable with the tokens of the locks that the processes that started this one hold, separated
 * by spaces. A command that a test runs must not wait for the run that runs the test.
 */
export const LOCKS_VARIABLE = 'HARNESS_LOCKS';

/** Milliseconds that a command waits for its turn, unless it is told otherwise. */
export const LOCK_TIMEOUT = 900_000;

const POLL_MS = 200;

/** Gives a lock back. */
export type Release = () => Promise<void>;

export interface LockOptions {
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal | undefined;
  /** Milliseconds to wait for the lock; 0: do not wait. Default: `LOCK_TIMEOUT`. */
  timeout?: number | undefined;
  /** Called once, with a description of the holder, before the wait for it. */
  onWait?: ((holder: string) => void) | undefined;
}

/** What came of the attempt to take a lock. */
export type Attempt =
  | { release: Release }
  /** Somebody holds it. Undefined: nobody can say who. */
  | { holder: Holder | undefined; place?: string };

/** The wait for the locks of one thing. They share a deadline. */
export class Turn {
  readonly #what: string;
  readonly #options: LockOptions;
  readonly #start = performance.now();
  readonly #timeout: number;
  #isReported = false;

  /** @param what the locks protect, such as `cluster shop` */
  constructor(what: string, options: LockOptions) {
    this.#what = what;
    this.#options = options;
    this.#timeout = options.timeout ?? LOCK_TIMEOUT;
  }

  /**
   * Attempts to take a lock until that succeeds.
   * @throws HarnessError LOCKED if the time is over, or if the holder waits for this process;
   * INTERRUPTED
   */
  async take(attempt: () => Promise<Attempt> | Attempt): Promise<Release> {
    const { signal } = this.#options;
    for (;;) {
      if (signal?.aborted) throw this.#interrupted();
      const result = await attempt();
      if ('release' in result) return result.release;
      await this.#wait(result);
    }
  }

  async #wait({ holder, place }: { holder: Holder | undefined; place?: string }): Promise<void> {
    const { env, signal, onWait } = this.#options;
    if (holder && isParent(holder, env[LOCKS_VARIABLE])) throw this.#waitsForParent(holder);
    const left = this.#timeout - (performance.now() - this.#start);
    if (left <= 0) throw this.#locked(holder, place);
    if (!this.#isReported) onWait?.(holder ? describeHolder(holder) : 'a run that cannot be named');
    this.#isReported = true;
    await sleep(Math.min(POLL_MS, left), undefined, { signal }).catch(() => {
      throw this.#interrupted();
    });
  }

  #waitsForParent(holder: Holder): HarnessError {
    const message = `This command would wait for its own parent: ${describeHolder(holder)} started it, and uses ${this.#what} until its end.`;
    return new HarnessError('LOCKED', message, {
      next: 'Run the command before or after that run, or on another cluster (`cluster.name`).',
    });
  }

  #locked(holder: Holder | undefined, place: string | undefined): HarnessError {
    const who = holder ? describeHolder(holder) : `a run that cannot be named; it holds ${place ?? 'the lock'}`;
    const waited = this.#timeout > 0 ? ` still after ${seconds(this.#timeout)}` : '';
    return new HarnessError('LOCKED', `Another run uses ${this.#what}${waited}: ${who}.`, {
      next: 'Wait until it ends, end it, or wait longer with `--lock-timeout <seconds>`.',
    });
  }

  #interrupted(): HarnessError {
    return new HarnessError('INTERRUPTED', `Interrupted while waiting for another run, which uses ${this.#what}.`);
  }
}
