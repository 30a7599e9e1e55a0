import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join, posix } from 'node:path';
import { ifPresent } from '../machine/if-present.ts';
import { IgnoreRules } from '../patterns/dockerignore.ts';

/**
 * What BuildKit asks for when steps take these paths of a context: the paths, and what symbolic links
 * on the way to them point to. Source: `FollowLinks` of github.com/tonistiigi/fsutil.
 * @returns patterns; undefined if everything is asked for
 */
export function followLinks(context: string, paths: readonly string[]): string[] | undefined {
  const found = new Set<string>();
  for (const path of paths) follow(context, path, found);
  return found.has('.') ? undefined : [...found].sort();
}

function follow(context: string, path: string, found: Set<string>): void {
  let rest = posix.join('.', posix.join('/', path).slice(1));
  let current = '.';
  for (;;) {
    const slash = rest.indexOf('/');
    current = posix.join(current, slash === -1 ? rest : rest.slice(0, slash));
    rest = slash === -1 ? '' : rest.slice(slash + 1);
    const targets = targetsOf(context, current);
    if (targets || rest === '') {
      if (found.has(current)) return;
      found.add(current);
      for (const target of targets ?? []) follow(context, posix.join(target, rest), found);
      return;
    }
  }
}

/** Where a link points to, or the links that a name with wildcards matches; undefined for none. */
function targetsOf(context: string, path: string): string[] | undefined {
  const name = posix.basename(path);
  if (!/[*?[\\]/.test(name)) return linkTarget(context, path);
  const rules = new IgnoreRules(name);
  const directory = posix.dirname(path);
  const names = ifPresent(() => readdirSync(join(context, directory))) ?? [];
  return names
    .filter((entry) => rules.match(entry).ignored)
    .flatMap((entry) => linkTarget(context, posix.join(directory, entry)) ?? []);
}

function linkTarget(context: string, path: string): string[] | undefined {
  const full = join(context, path);
  if (!ifPresent(() => lstatSync(full))?.isSymbolicLink()) return undefined;
  const link = posix.normalize(readlinkSync(full));
  return [posix.isAbsolute(link) ? link : posix.join('/', posix.dirname(path), link)];
}
