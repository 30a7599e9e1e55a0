import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { HarnessError } from '../core/error.ts';
import type { KubeObject } from '../kubernetes/api.ts';
import type { ManifestObject } from '../kubernetes/manifest.ts';

/**
 * Reads the objects of all manifests; lists (`kind: List`) are taken apart.
 * @throws HarnessError CONFIG with every place that does not parse or is no Kubernetes object
 */
export function readManifests(files: readonly string[], root: string): ManifestObject[] {
  const problems: string[] = [];
  const objects: ManifestObject[] = [];
  for (const file of files) {
    const name = relative(root, file);
    const documents = parseAllDocuments(readFileSync(file, 'utf8'));
    const all = Array.isArray(documents) ? documents : [];
    for (const [index, document] of all.entries()) {
      const source = all.length > 1 ? `${name}, object ${index + 1}` : name;
      if (document.errors.length > 0) {
        problems.push(...document.errors.map((error) => `${source}: ${error.message.split('\n')[0]}`));
        continue;
      }
      for (const value of unlisted(document.toJS())) {
        const lacks = whatLacks(value);
        if (lacks === undefined) objects.push({ source, object: value as KubeObject });
        else problems.push(`${source}: ${lacks}`);
      }
    }
  }
  if (problems.length === 0) return objects;
  throw new HarnessError(
    'CONFIG',
    `${problems.length === 1 ? 'A manifest is' : 'Manifests are'} no Kubernetes object.`,
    {
      detail: problems.join('\n'),
      next: 'Correct the file and try again.',
    },
  );
}

function unlisted(value: unknown): unknown[] {
  if (value === null || value === undefined) return []; // nothing between two `---`
  const list = value as { kind?: unknown; items?: unknown };
  return list.kind === 'List' && Array.isArray(list.items) ? list.items : [value];
}

/** What a value lacks to be a Kubernetes object; undefined when it is one. */
export function whatLacks(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'expected an object';
  const object = value as Partial<KubeObject>;
  if (typeof object.apiVersion !== 'string') return 'expected `apiVersion`';
  if (typeof object.kind !== 'string') return 'expected `kind`';
  if (typeof object.metadata?.name !== 'string') return 'expected `metadata.name`';
  return undefined;
}
