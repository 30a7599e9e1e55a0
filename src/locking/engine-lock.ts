import { HarnessError } from '../core/error.ts';
import { LOCK_LABEL } from '../core/labels.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { isAlive, thisProcess } from '../machine/running-process.ts';
import { readHolder, type Holder } from './holder.ts';
import { judgeHolder } from './judge-holder.ts';
import { openLifeline, type Lifeline } from './lifeline.ts';
import { ownTokens } from './own-tokens.ts';
import type { Attempt } from './turn.ts';

/** For an engine without locks. `prune` must be able to run on a full disk. */
const NO_LOCK = { release: () => Promise.resolve() };

interface Volume {
  Labels: Record<string, string> | null;
}

/**
 * A lock in the engine, for all processes that use this engine, whatever their user, home directory,
 * container or machine. It is an empty volume: the engine creates a name only once, and tells all
 * others whose it is. The holder's lifeline shows that it still runs.
 */
export class EngineLock {
  readonly #engine: DockerEngine;
  readonly #volume: string;
  readonly #holder: Holder;
  #lifeline: Lifeline | undefined;

  /** @param name for instance of the cluster */
  constructor(engine: DockerEngine, name: string, holder: Holder) {
    this.#engine = engine;
    this.#volume = `kind-harness-lock-${name}`;
    this.#holder = holder;
  }

  /** Attempts to take the lock; see `Turn`. @throws HarnessError DOCKER_DOWN, LOCKED */
  async attempt(): Promise<Attempt> {
    if (!this.#lifeline) {
      const opened = await openLifeline(this.#engine, lifelineOf(this.#holder));
      if (typeof opened === 'string') return NO_LOCK; // builds do not work there either
      this.#lifeline = opened;
    }
    for (;;) {
      const volume = await this.#create();
      if (!volume) return NO_LOCK;
      const found = this.#holderOf(volume);
      if (found.token === this.#holder.token) return { release: () => this.#release() };
      if (!(await this.#hasEnded(found)) || !(await this.#remove(found))) return { holder: found };
    }
  }

  /** Ends the attempts. */
  giveUp(): void {
    this.#lifeline?.close();
  }

  /** The volume as it is now; undefined if the engine cannot store one, for instance on a full disk. */
  async #create(): Promise<Volume | undefined> {
    const request = { Name: this.#volume, Driver: 'local', Labels: { [LOCK_LABEL]: JSON.stringify(this.#holder) } };
    const { status, body } = await this.#engine.ask('POST', '/volumes/create', request);
    return status < 300 ? (JSON.parse(body.toString('utf8')) as Volume) : undefined;
  }

  #holderOf({ Labels }: Volume): Holder {
    const holder = readHolder(Labels?.[LOCK_LABEL], thisProcess());
    if (holder) return holder;
    throw new HarnessError('LOCKED', `The volume ${this.#volume} is in the place of a lock, but is none.`, {
      next: `Remove it, if you do not need it: docker volume rm ${this.#volume}.`,
    });
  }

  async #hasEnded(holder: Holder): Promise<boolean> {
    const state = judgeHolder(holder, { self: thisProcess(), isAlive, ownTokens });
    if (state !== 'unknown') return state === 'dead';
    const lifeline = await openLifeline(this.#engine, lifelineOf(holder));
    if (typeof lifeline === 'string') return false;
    lifeline.close();
    return true;
  }

  /**
   * Removes the lock of a holder that has ended. Only one process at a time does this, so that none
   * removes the lock that another one has taken meanwhile.
   * @returns whether it may be free now
   */
  async #remove(ended: Holder): Promise<boolean> {
    const guard = await openLifeline(this.#engine, `kind-harness-takeover-${ended.token}`);
    if (typeof guard === 'string') return false;
    try {
      const now = await this.#current();
      if (now?.token === ended.token) await this.#delete();
      return true;
    } finally {
      guard.close();
    }
  }

  async #current(): Promise<Holder | undefined> {
    const volume = await this.#engine.json<Volume>('GET', `/volumes/${this.#volume}`);
    return volume && this.#holderOf(volume);
  }

  async #delete(): Promise<void> {
    await this.#engine.ask('DELETE', `/volumes/${this.#volume}`);
  }

  async #release(): Promise<void> {
    try {
      // While the connection was broken, another process may have taken over.
      const isOwn = !this.#lifeline?.wasBroken() || (await this.#current())?.token === this.#holder.token;
      if (isOwn) await this.#delete();
    } catch {
      // The engine is gone. The next run finds that the holder has ended.
    } finally {
      this.giveUp();
    }
  }
}

function lifelineOf({ token }: Holder): string {
  return `kind-harness-${token}`;
}
