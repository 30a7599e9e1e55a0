import type { IgnoreMatch, IgnoreRules } from './dockerignore.ts';

/**
 * Applies ignore rules to single paths, in any order. The result of a path depends on those of the
 * directories above it; they are remembered.
 */
export function pathMatcher(rules: IgnoreRules): (path: string) => IgnoreMatch {
  const known = new Map<string, IgnoreMatch>();
  const matchOf = (path: string): IgnoreMatch => {
    const found = known.get(path);
    if (found) return found;
    const slash = path.lastIndexOf('/');
    const match = rules.match(path, slash === -1 ? undefined : matchOf(path.slice(0, slash)));
    known.set(path, match);
    return match;
  };
  return matchOf;
}
