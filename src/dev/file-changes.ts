import { sep } from 'node:path';
import { watch, type FSWatcher } from 'chokidar';
import { messageOf } from '../core/error.ts';

/**
 * Milliseconds without another change after which a batch of changes is complete: editors and
 * checkouts write many files at once.
 */
const QUIET = 100;

/** Directories that are not watched: they hold no sources that people edit. */
const LEFT_OUT = ['.git', '.harness', 'node_modules'];

/** Milliseconds between looks at everything, once a part of the tree cannot be watched. */
const LOOK_AGAIN = 5_000;

/** Records which files change. */
export class Changes {
  readonly #watcher: FSWatcher;
  readonly #changed = new Set<string>();
  #notify: () => void = () => undefined;
  #isBlind = false;

  private constructor(watcher: FSWatcher, note: (message: string) => void) {
    this.#watcher = watcher;
    // No watches are left on this machine, or a directory cannot be read. Without a listener, the
    // error would end the process.
    watcher.on('error', (error) => {
      if (this.#isBlind) return;
      this.#isBlind = true;
      note(
        `some files cannot be watched (${messageOf(error)}); looking at images and manifests every ${LOOK_AGAIN / 1_000} s`,
      );
      this.#notify();
    });
    watcher.on('all', (_event, path) => {
      this.#changed.add(path);
      this.#notify();
    });
  }

  /**
   * Starts to watch.
   * @param roots directories and files, which need not exist yet
   * @param except the harness's own directory, which is not watched
   * @param note is told if a part cannot be watched
   */
  static async below(roots: readonly string[], except: string, note: (message: string) => void): Promise<Changes> {
    const ignored = (path: string) =>
      path === except || path.startsWith(except + sep) || LEFT_OUT.includes(path.slice(path.lastIndexOf(sep) + 1));
    const watcher = watch([...roots], { ignored, ignoreInitial: true });
    const changes = new Changes(watcher, note);
    // not with `once` of node:events, which ends with the first error
    await new Promise<void>((resolve) => watcher.once('ready', resolve));
    return changes;
  }

  /**
   * Waits for changes, then until there are no more for a moment. If a part cannot be watched, it
   * waits only a few seconds.
   * @returns the absolute paths that are known to have changed since the last call
   */
  async take(signal: AbortSignal): Promise<string[]> {
    for (;;) {
      signal.throwIfAborted();
      const before = this.#changed.size;
      const wasBlind = this.#isBlind;
      await this.#next(before > 0 ? QUIET : wasBlind ? LOOK_AGAIN : undefined, signal);
      signal.throwIfAborted();
      if ((before > 0 || wasBlind) && this.#changed.size === before) break;
    }
    const batch = [...this.#changed];
    this.#changed.clear();
    return batch;
  }

  /** Whether a part cannot be watched, so that more may have changed than `take` returns. */
  get isBlind(): boolean {
    return this.#isBlind;
  }

  async close(): Promise<void> {
    await this.#watcher.close();
  }

  /** Waits for the next change, at most `timeout` milliseconds. */
  #next(timeout: number | undefined, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#notify = () => undefined;
        resolve();
      };
      const timer = timeout === undefined ? undefined : setTimeout(done, timeout);
      signal.addEventListener('abort', done);
      this.#notify = done;
    });
  }
}
