import { once } from 'node:events';
import { sep } from 'node:path';
import { watch, type FSWatcher } from 'chokidar';

/**
 * Milliseconds without another change after which a batch of changes is complete: editors and
 * checkouts write many files at once.
 */
const QUIET = 100;

/** Directories that are not watched: they hold no sources that people edit. */
const LEFT_OUT = ['.git', 'node_modules'];

/** Records which files change. */
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
   * Starts to watch.
   * @param roots directories and files, which need not exist yet
   * @param except the harness's own directory, which is not watched
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
   * Waits for changes, then until there are no more for a moment.
   * @returns the absolute paths that changed since the last call
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
