import { parseAllDocuments } from 'yaml';
import { HarnessError } from '../core/error.ts';
import type { KubeObject } from '../kubernetes/api.ts';
import type { ManifestObject } from '../kubernetes/manifest.ts';
import { problemOf } from '../manifests/read-manifests.ts';

/**
 * Reads the objects that a program printed, as kubectl would.
 * @param source names the program, for messages
 * @throws HarnessError DEPLOY with everything that is not an object
 */
export function readOutput(text: string, source: string): ManifestObject[] {
  const problems: string[] = [];
  const objects: ManifestObject[] = [];
  const documents = parseAllDocuments(text, { version: '1.1', merge: true });
  for (const [index, document] of (Array.isArray(documents) ? documents : []).entries()) {
    const place = `${source}, object ${index + 1}`;
    if (document.errors.length > 0) {
      problems.push(...document.errors.map((error) => `${place}: ${error.message.split('\n')[0]}`));
      continue;
    }
    for (const value of itemsOf(document.toJS())) {
      const problem = problemOf(value);
      if (problem === undefined) objects.push({ source, object: value as KubeObject });
      else problems.push(`${place}: ${problem}`);
    }
  }
  if (problems.length === 0) return objects;
  throw new HarnessError('DEPLOY', `The ${source} is not a list of Kubernetes objects.`, {
    detail: problems.join('\n'),
    next: 'Run the program yourself and look at what it prints.',
  });
}

function itemsOf(value: unknown): unknown[] {
  if (value === null || value === undefined) return [];
  const list = value as { kind?: unknown; items?: unknown };
  return String(list.kind).endsWith('List') && Array.isArray(list.items) ? list.items.flatMap(itemsOf) : [value];
}
