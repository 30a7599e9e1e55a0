import { watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { IgnoreMatch, IgnoreRules } from '../patterns/dockerignore.ts';
import { pathMatcher } from '../patterns/path-matcher.ts';
import type { SourceTree } from './tree.ts';

/** What came or went in a context while it was watched. */
export interface ContextWatch {
  /**
   * Ends the watch.
   * @returns whether an entry that is in the context appeared or disappeared; undefined if that is
   * not known
   */
  end: () => Promise<boolean | undefined>;
}

/** With more directories, setting up the watches would take longer than it can save. */
const MOST_DIRECTORIES = 2_000;

/**
 * Watches the directories of a context. An ignored file that comes and goes changes the time of its
 * directory, as any other file does; only its name tells the two apart.
 */
export function watchContext(root: string, tree: SourceTree, rules: IgnoreRules): ContextWatch {
  const directories = tree.directories();
  const watchers: FSWatcher[] = [];
  let isKnown = directories.length <= MOST_DIRECTORIES;
  let hasMoved = false;
  const matchOf = pathMatcher(rules);
  const notice = (directory: string, name: string | null) => {
    if (name === null) isKnown = false;
    else hasMoved ||= isInContext(directory === '' ? name : `${directory}/${name}`, matchOf, rules);
  };
  for (const directory of isKnown ? directories : []) {
    try {
      const watcher = watch(join(root, directory), { persistent: false }, (event, name) => {
        if (event === 'rename') notice(directory, name); // changed contents show in the file's own stamp
      });
      watchers.push(watcher.on('error', () => (isKnown = false)));
    } catch {
      isKnown = false; // no watches left on this machine, or the directory is gone
      break;
    }
  }
  const end = async () => {
    // The kernel queues events as they happen; two turns of the event loop read all of them.
    await setImmediate();
    await setImmediate();
    for (const watcher of watchers) watcher.close();
    return isKnown ? hasMoved : hasMoved || undefined;
  };
  return { end };
}

/** An ignored directory that may hold exceptions counts: something in it may be in the context. */
function isInContext(path: string, matchOf: (path: string) => IgnoreMatch, rules: IgnoreRules): boolean {
  return !matchOf(path).ignored || rules.mayHoldExceptions(path);
}
