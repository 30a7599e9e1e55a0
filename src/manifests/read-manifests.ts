import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { HarnessError } from '../core/error.ts';
import type { KubeObject } from '../kubernetes/api.ts';
import type { ManifestObject } from '../kubernetes/manifest.ts';
import { decodeText } from './decode-text.ts';
import { problemsOf } from './find-problems.ts';
import { foreignFile } from './foreign-file.ts';
import { readObjects, type FoundValue } from './read-objects.ts';
import { uniqueObjects } from './unique-objects.ts';

/** How manifests are read. */
export interface ReadOptions {
  /** For objects that name no namespace. */
  namespace?: string;
  /** Is told which files are not manifests, and why. */
  note?: (message: string) => void;
}

/**
 * Reads the objects of all manifests, including the items of lists.
 * @param root file names in messages are relative to it
 * @throws HarnessError CONFIG with everything that cannot be applied, and its place
 */
export function readManifests(files: readonly string[], root: string, options: ReadOptions = {}): ManifestObject[] {
  const { namespace = '', note = () => undefined } = options;
  const problems: string[] = [];
  const objects: ManifestObject[] = [];
  for (const file of files) {
    const name = relative(root, file);
    const text = decodeText(readFileSync(file));
    const read = readObjects(text);
    const hasChart = existsSync(join(dirname(file), 'Chart.yaml'));
    const foreign = foreignFile(
      name,
      read.found.map(({ value }) => value),
      hasChart,
    );
    if (foreign !== undefined && read.problems.length === 0) {
      note(foreign);
      continue;
    }
    const result = objectsOf(read, name);
    objects.push(...result.objects);
    problems.push(...result.problems, ...(isTemplate(text) && result.problems.length > 0 ? [templateHint(name)] : []));
  }
  const { unique, problems: clashes } = uniqueObjects(objects, namespace);
  return orThrow(unique, [...problems, ...clashes]);
}

/**
 * Reads the objects in a text, such as the output of a program.
 * @param name of the text, for messages
 * @returns also everything that cannot be applied, with its place
 */
export function readManifestText(text: string, name: string): { objects: ManifestObject[]; problems: string[] } {
  return objectsOf(readObjects(text), name);
}

function orThrow(objects: ManifestObject[], problems: readonly string[]): ManifestObject[] {
  if (problems.length === 0) return objects;
  throw new HarnessError(
    'CONFIG',
    problems.length === 1 ? 'A manifest cannot be applied.' : 'Some manifests cannot be applied.',
    {
      detail: problems.join('\n'),
      next: "Correct the manifest, or exclude its file: `manifests: ['k8s', '!k8s/file.yaml']`.",
    },
  );
}

function objectsOf(
  { found, problems: unread }: ReturnType<typeof readObjects>,
  name: string,
): { objects: ManifestObject[]; problems: string[] } {
  const problems = unread.map(({ line, message }) => `${name}:${line}: ${message}`);
  const last = found.at(-1)?.document ?? 0;
  const nameOf = (line: number, document: number) =>
    last > 1 ? `${name}:${line}, document ${document}` : `${name}:${line}`;
  const objects = found.flatMap((each: FoundValue) => {
    const wrong = problemsOf(each.value);
    problems.push(...wrong.map(({ path, message }) => `${nameOf(each.lineOf(path), each.document)}: ${message}`));
    const source = last > 1 || found.length > 1 ? nameOf(each.line, each.document) : name;
    return wrong.length > 0 ? [] : [{ source, object: each.value as KubeObject }];
  });
  return { objects, problems };
}

function isTemplate(text: string): boolean {
  return /\{\{-?\s*[.\w$]/.test(text);
}

function templateHint(name: string): string {
  return `${name} looks like a template of a Helm chart: to install a chart, write \`deploy: [{ helm: { chart: '…', release: '…' } }]\``;
}
