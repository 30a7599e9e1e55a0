import { lineIn, readYaml } from './read-yaml.ts';
import { splitDocuments, type DocumentText } from './split-documents.ts';
import type { Path } from './pod-templates.ts';
import { YamlProblem } from './yaml-text.ts';

/** A value of a file that should be an object, with its place. */
export interface FoundValue {
  value: unknown;
  /** The document, counted from 1; empty ones do not count. */
  document: number;
  /** Where the document begins, counted from 1. */
  line: number;
  /** The line of one of its fields, or of the nearest field around it. */
  lineOf: (path: Path) => number;
}

/** A document that cannot be read. */
export interface ReadProblem {
  line: number;
  message: string;
}

/**
 * Reads a file as kubectl does: every document, the items of lists one by one.
 * @returns also what could not be read
 */
export function readObjects(text: string): { found: FoundValue[]; problems: ReadProblem[] } {
  const found: FoundValue[] = [];
  const problems: ReadProblem[] = [];
  let document = 0;
  for (const part of splitDocuments(text)) {
    try {
      if ('problem' in part) throw new YamlProblem(part.problem, 1);
      const { value, line } = 'json' in part ? { value: part.json, line: 1 } : readYaml(part.yaml);
      if (value === null) continue;
      document++;
      for (const { item, path } of itemsOf(value))
        found.push({
          value: item,
          document,
          line: part.line + line - 1,
          lineOf: (within) => fieldLine(part, line, [...path, ...within]),
        });
    } catch (error) {
      if (!(error instanceof YamlProblem)) throw error;
      problems.push({ line: part.line + (error.place ?? 1) - 1, message: error.message });
    }
  }
  return { found, problems };
}

function fieldLine(part: DocumentText, line: number, path: Path): number {
  const isWhole = path.length === 0 || !('yaml' in part);
  return part.line + (isWhole ? line : lineIn(part.yaml, path)) - 1;
}

/**
 * A list's items; they need no kind of their own if the list's kind says it. As for kubectl, what
 * has `items` is a list.
 */
function itemsOf(value: unknown, path: Path = []): { item: unknown; path: Path }[] {
  if (typeof value !== 'object' || value === null || !('items' in value)) return [{ item: value, path }];
  const { apiVersion, kind, items } = value as { apiVersion?: unknown; kind?: unknown; items: unknown };
  if (typeof kind !== 'string' || kind === '') return [{ item: value, path }];
  if (!Array.isArray(items) && items !== null)
    throw new YamlProblem('expected a list of objects as `items`', undefined);
  return (items ?? []).flatMap((item: unknown, index) => {
    const isTyped = typeof item !== 'object' || item === null || 'kind' in item || 'apiVersion' in item;
    const typed = isTyped ? item : { apiVersion, kind: kind.replace(/List$/, ''), ...item };
    return itemsOf(typed, [...path, 'items', index]);
  });
}
