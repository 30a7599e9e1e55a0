import type { Problem } from './schema.ts';

/**
 * The files of these globs, sorted by path.
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
  const files = new Set<string>();
  for (const [index, glob] of globs.entries()) {
    const found = globSync(glob, { cwd: root, absolute: true, expandDirectories: false });
    const inArray = place.includes('[') ? `${place}[${index}]` : `${place}.${index}`;
    const path = Array.isArray(raw) ? inArray : place;
    if (found.length === 0)
      problems.push({ path, message: `expected files, found none for \`${glob}\` below ${root}` });
    for (const file of found) files.add(file);
  }
  return [...files].sort();
}
