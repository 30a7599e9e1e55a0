import { exactly } from './yaml-scalar.ts';

/** A part of a file that holds one document, or none if it has only comments. */
export type DocumentText = { line: number } & ({ yaml: string } | { json: unknown } | { problem: string });

/** Only so far do Kubernetes' tools look for the brace that says that a file is JSON. */
const LOOK_AHEAD = 4096;

/**
 * Splits a file into its documents as kubectl does, line by line: every line that begins with three
 * dashes separates, also inside a text. A file that begins with a brace is one JSON object after the
 * other, or YAML if the first or second one is not JSON.
 */
export function splitDocuments(text: string): DocumentText[] {
  if (!/^\s*\{/.test(text.slice(0, LOOK_AHEAD))) return splitYaml(text, 1);
  const documents: DocumentText[] = [];
  let at = 0;
  for (;;) {
    const start = at + leadingSpace(text.slice(at));
    if (start === text.length) return documents;
    const end = jsonEnd(text, start);
    const value = end === undefined ? undefined : parseJson(text.slice(start, end));
    if (end === undefined || value === undefined) {
      if (documents.length > 1) return [...documents, { line: lineAt(text, start), problem: 'expected a JSON object' }];
      const rest = afterLineBreak(text, at);
      return [...documents, ...splitYaml(text.slice(rest), lineAt(text, rest))];
    }
    documents.push({ line: lineAt(text, start), json: value.json });
    at = end;
  }
}

function splitYaml(text: string, firstLine: number): DocumentText[] {
  const documents: DocumentText[] = [];
  let lines: string[] = [];
  let start = firstLine;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const rest = line.startsWith('---') ? line.slice(3).trim() : '';
    if (rest !== '' && !rest.startsWith('#')) {
      const problem = `expected only a comment after \`---\`, found \`${rest}\``;
      return [...documents, { line: firstLine + index, problem }];
    }
    if (line.startsWith('---') && lines.length > 0) {
      documents.push({ line: start, yaml: lines.join('\n') });
      lines = [];
      start = firstLine + index + 1;
    } else {
      lines.push(line);
    }
  }
  return [...documents, { line: start, yaml: lines.join('\n') }];
}

function leadingSpace(text: string): number {
  return text.length - text.trimStart().length;
}

/** Where YAML begins after JSON: after spaces, up to and including the first line break. */
function afterLineBreak(text: string, from: number): number {
  const match = /^[^\S\n]*\n?/.exec(text.slice(from)) ?? [''];
  return from + match[0].length;
}

/** Where a JSON value ends that starts here; undefined if it never does. */
function jsonEnd(text: string, start: number): number | undefined {
  if (text[start] !== '{' && text[start] !== '[') {
    const word = /^("([^"\\]|\\.)*"|[\w.+-]+)/.exec(text.slice(start));
    return word ? start + word[0].length : undefined;
  }
  let depth = 0;
  for (const match of text.slice(start).matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/g)) {
    if (match[0] === '{' || match[0] === '[') depth++;
    if (match[0] === '}' || match[0] === ']') depth--;
    if (depth === 0) return start + match.index + 1;
  }
  return undefined;
}

function parseJson(text: string): { json: unknown } | undefined {
  try {
    return { json: JSON.parse(text, keepIntegers) };
  } catch {
    return undefined;
  }
}

function keepIntegers(this: unknown, _key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || !/^-?\d+$/.test(context?.source ?? '')) return value;
  return exactly(BigInt(context?.source as string));
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
