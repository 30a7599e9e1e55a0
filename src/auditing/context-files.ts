import { IgnoreRules, type IgnoreMatch } from '../patterns/dockerignore.ts';
import { pathMatcher } from '../patterns/path-matcher.ts';

/** The directory of a path; empty for the context itself. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/**
 * Which paths patterns match: directly, or because they match a directory above. Only the results of
 * directories are remembered, because a tree may have 100,000 files.
 */
export function patternFilter(patterns: readonly string[]): (path: string) => boolean {
  // `./` keeps a leading `#` from starting a comment.
  const rules = new IgnoreRules(patterns.map((pattern) => `./${pattern}`).join('\n'));
  return rulesFilter(rules);
}

/** Whether the rules of an ignore file match a path. */
export function rulesFilter(rules: IgnoreRules): (path: string) => boolean {
  const ofDirectory = pathMatcher(rules);
  let [last, match]: [string, IgnoreMatch | undefined] = ['', undefined];
  return (path) => {
    const parent = parentOf(path);
    if (parent !== last) [last, match] = [parent, parent === '' ? undefined : ofDirectory(parent)];
    return rules.match(path, match).ignored;
  };
}
