import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { HarnessError } from '../core/error.ts';
import type { KubeObject } from '../kubernetes/api.ts';
import type { ManifestObject } from '../kubernetes/manifest.ts';

/**
 * Reads the objects of all manifests, including the items of lists (`kind: List`).
 * @throws HarnessError CONFIG with all documents that do not parse or are not Kubernetes objects
 */
export function readManifests(files: readonly string[], root: string): ManifestObject[] {
  const problems: string[] = [];
  const objects: ManifestObject[] = [];
  for (const file of files) {
    const name = relative(root, file);
    const documents = parseAllDocuments(readFileSync(file, 'utf8'));
    const parsed = Array.isArray(documents) ? documents : [];
    for (const [index, document] of parsed.entries()) {
      const source = parsed.length > 1 ? `${name}, object ${index + 1}` : name;
      if (document.errors.length > 0) {
        problems.push(...document.errors.map((error) => `${source}: ${error.message.split('\n')[0]}`));
        continue;
      }
      for (const value of itemsOf(document.toJS())) {
        const problem = problemOf(value);
        if (problem === undefined) objects.push({ source, object: value as KubeObject });
        else problems.push(`${source}: ${problem}`);
      }
    }
  }
  if (problems.length === 0) return objects;
  throw new HarnessError(
    'CONFIG',
    problems.length === 1 ? 'Invalid manifest: not a Kubernetes object.' : 'Invalid manifests: not Kubernetes objects.',
    { detail: problems.join('\n'), next: 'Correct the manifest and try again.' },
  );
}

function itemsOf(value: unknown): unknown[] {
  if (value === null || value === undefined) return []; // an empty document between two `---`
  const list = value as { kind?: unknown; items?: unknown };
  return list.kind === 'List' && Array.isArray(list.items) ? list.items : [value];
}

/** Why a value is not a Kubernetes object; undefined if it is one. */
export function problemOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'expected an object';
  const object = value as Partial<KubeObject>;
  if (typeof object.apiVersion !== 'string') return 'expected `apiVersion`';
  if (typeof object.kind !== 'string') return 'expected `kind`';
  if (typeof object.metadata?.name !== 'string') return 'expected `metadata.name`';
  return undefined;
}
