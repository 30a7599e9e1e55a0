import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256 } from '../core/digest.ts';
import { versions } from './versions.ts';

/** The files of the recipes. The paths work from src/ and from dist/. */
export const nodeImageDirectory = fileURLToPath(new URL('../../harness/node-image/', import.meta.url));
export const debianDirectory = fileURLToPath(new URL('../../harness/debian/', import.meta.url));

/**
 * A SHA-256 (hex) of the files in some directories and any further facts. Paths and contents count.
 * Modes and times do not, because they differ between a checkout and an installed package.
 */
export function directoriesDigest(directories: readonly string[], facts: unknown): string {
  const hash = createHash('sha256').update(JSON.stringify(facts));
  for (const directory of directories) {
    for (const file of filesBelow(directory)) {
      const content = sha256(readFileSync(file));
      hash.update(`\n${relative(directory, file).split(sep).join('/')} ${content}`);
    }
  }
  return hash.digest('hex');
}

/** The digest of the node image's recipe, including the Debian base. */
export function recipeDigest(): string {
  return directoriesDigest([debianDirectory, nodeImageDirectory], versions);
}

/** The reference of the image that is built from a recipe. */
export function builtReference(digest: string): string {
  return `kind-harness/node:${versions.kubernetes}-${digest.slice(0, 12)}`;
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
