import { IgnoreRules, type Standing } from './dockerignore.ts';

/**
 * Splits a context's files by the patterns of `sources`, which are written as in an ignore file but say what counts: a directory stands for
 * everything below it, `!` takes out again.
 */
export function splitBySources(
  files: ReadonlyMap<string, string>,
  sources: readonly string[],
): { inside: Map<string, string>; outside: Map<string, string> } {
  const rules = new IgnoreRules(sources.join('\n'));
  const known = new Map<string, Standing>();
  const standing = (path: string): Standing => {
    const before = known.get(path);
    if (before) return before;
    const slash = path.lastIndexOf('/');
    const own = slash === -1 ? rules.match(path) : rules.match(path, standing(path.slice(0, slash)));
    known.set(path, own);
    return own;
  };
  const inside = new Map<string, string>();
  const outside = new Map<string, string>();
  for (const [path, entry] of files) (standing(path).ignored ? inside : outside).set(path, entry);
  return { inside, outside };
}
