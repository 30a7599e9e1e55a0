import { once } from 'node:events';
import { sep } from 'node:path';
import { watch, type FSWatcher } from 'chokidar';

/**
 * Milliseconds without a further change after which a batch of them is complete: editors and
 * checkouts write many files at once.
 */
const QUIET = 100;

/** Directories that no image and no test is made of by hand. */
const LEFT_OUT = ['.git', 'node_modules'];

/** Notices which files change, from the moment it is made until it is closed. */
export class Changes {
  readonly #watcher: FSWatcher;
  readonly #changed = new Set<string>();
  #notify: () => void = () => undefined;

  private constructor(watcher: FSWatcher) {
    this.#watcher = watcher;
    watcher.on('all', (_event, path) => {
      this.#changed.add(path);
      this.#notify();
    });
  }

  /**
   * Begins to watch.
   * @param roots directories and files; what is not there yet is noticed when it comes
   * @param except a directory whose changes are the harness's own
   */
  static async below(roots: readonly string[], except: string): Promise<Changes> {
    const ignored = (path: string) =>
      path === except || path.startsWith(except + sep) || LEFT_OUT.includes(path.slice(path.lastIndexOf(sep) + 1));
    const watcher = watch([...roots], { ignored, ignoreInitial: true });
    const changes = new Changes(watcher);
    await once(watcher, 'ready');
    return changes;
  }

  /**
   * Waits until something changes, and then until nothing more does for a moment. What changed
   * since the last batch was taken is in the next.
   * @returns absolute paths
   */
  async take(signal: AbortSignal): Promise<string[]> {
    for (;;) {
      signal.throwIfAborted();
      const before = this.#changed.size;
      await this.#next(before === 0 ? undefined : QUIET, signal);
      if (before > 0 && this.#changed.size === before) break;
    }
    const batch = [...this.#changed];
    this.#changed.clear();
    return batch;
  }

  async close(): Promise<void> {
    await this.#watcher.close();
  }

  /** Until the next change, or for so long. */
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
