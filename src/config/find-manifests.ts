import { resolve } from 'node:path';
import { isDirectory } from './files.ts';
import type { Problem } from './schema.ts';

/**
 * The files of these globs, sorted by path. A glob after `!` takes files away, wherever it stands; a
 * directory stands for the YAML and JSON files in it, as for `kubectl apply -f`.
 * @param place where the globs are in the configuration, such as `manifests`
 */
export async function findManifests(
  raw: string | string[] | undefined,
  root: string,
  place: string,
  problems: Problem[],
): Promise<string[]> {
  const globs = raw === undefined ? [] : [raw].flat();
  if (globs.length === 0) return [];
  const { globSync } = await import('tinyglobby'); // only when needed: start-up time counts
  const find = (glob: string, ignore: string[]) =>
    globSync(glob, { cwd: root, absolute: true, expandDirectories: false, ignore });
  const without = globs.filter((glob) => glob.startsWith('!')).map((glob) => inDirectory(glob.slice(1), root, '**'));
  const files = new Set<string>();
  for (const [index, glob] of globs.entries()) {
    if (glob.startsWith('!')) continue;
    const pattern = inDirectory(glob, root, '*.{yaml,yml,json}');
    const found = find(pattern, without);
    const inArray = place.includes('[') ? `${place}[${index}]` : `${place}.${index}`;
    const path = Array.isArray(raw) ? inArray : place;
    if (found.length === 0) {
      const message = `expected files, found none for \`${glob}\` below ${root}`;
      const isEmptied = without.length > 0 && find(pattern, []).length > 0;
      problems.push({ path, message: isEmptied ? `${message}: all of them are excluded` : message });
    }
    for (const file of found) files.add(file);
  }
  if (files.size === 0 && globs.every((glob) => glob.startsWith('!')))
    problems.push({ path: place, message: 'expected a glob without `!`: those with it only take files away' });
  return [...files].sort();
}

/** The glob, or for a directory a glob of files in it. */
function inDirectory(glob: string, root: string, files: string): string {
  return isDirectory(resolve(root, glob)) ? `${glob.replace(/\/+$/, '')}/${files}` : glob;
}
