/** What git and the file system say about the files of an image. */
export interface DirtyFacts {
  /** Lines of `git ls-tree -r` for the commit: `mode type id<tab>path`. */
  tree: readonly string[];
  /** Paths that differ from the commit, according to git. */
  changed: readonly string[];
  counts: (path: string) => boolean;
  present: () => Set<string>;
}

/**
 * The files that are not as in the commit, sorted: changed, removed, and those that the commit does
 * not have, even if git ignores them. A submodule is one entry, with all its files.
 */
export function judgeDirty({ tree, changed, counts, present }: DirtyFacts): string[] {
  const [known, modules] = [new Set<string>(), new Set<string>()];
  for (const line of tree) {
    const path = line.slice(line.indexOf('\t') + 1);
    (line.startsWith('160000 ') ? modules : known).add(path);
  }
  // No commit has the files of git itself.
  const there = new Set([...present()].filter((path) => !/(^|\/)\.git(\/|$)/.test(path)));
  const moduleOf = (path: string) =>
    modules.size === 0 ? undefined : ancestors(path).find((directory) => modules.has(directory));
  const inModules = new Set([...there].flatMap((path) => moduleOf(path) ?? []));
  const additional = [...there].filter((path) => !known.has(path) && moduleOf(path) === undefined);
  const different = changed.filter((path) => (modules.has(path) ? inModules.has(path) || counts(path) : counts(path)));
  return [...new Set([...additional, ...different])].sort();
}

function ancestors(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('/'));
}
