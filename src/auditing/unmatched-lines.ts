import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ifPresent } from '../machine/if-present.ts';
import { IgnoreRules } from '../patterns/dockerignore.ts';

/** A line of an ignore file that does nothing. */
export interface UnmatchedLine {
  /** Counted from 1. */
  line: number;
  text: string;
}

/**
 * Lines of an ignore file that match nothing in a context. What only other lines' matches hold does
 * not count: the lines would do nothing there either.
 * @param directories those that are not excluded as a whole; the context itself is empty
 */
export function unmatchedLines(context: string, ignore: string, directories: readonly string[]): UnmatchedLine[] {
  const lines = ignore.split('\n').flatMap((text, index) => {
    const pattern = /^#/.test(text) ? '' : text.trim().replace(/^!\s*/, '');
    return pattern === ''
      ? []
      : [{ line: index + 1, text: text.trim(), pattern, rules: new IgnoreRules(`./${pattern}`) }];
  });
  let open = lines.filter(({ pattern }) => !isThere(context, pattern));
  for (const directory of directories) {
    if (open.length === 0) break;
    for (const name of ifPresent(() => readdirSync(join(context, directory))) ?? []) {
      const path = directory === '' ? name : `${directory}/${name}`;
      open = open.filter(({ rules }) => !rules.match(path).ignored);
    }
  }
  return open.map(({ line, text }) => ({ line, text }));
}

/** Whether a pattern without wildcards names a file. This saves a look at all others. */
function isThere(context: string, pattern: string): boolean {
  return !/[*?[\\]/.test(pattern) && ifPresent(() => lstatSync(join(context, pattern))) !== undefined;
}
