import { Composer, isMap, isNode, isScalar, type Document } from 'yaml';
import type { Path } from './pod-templates.ts';
import { normalizeLines, YamlProblem } from './yaml-text.ts';
import { indentFurther, tokensOf } from './yaml-tokens.ts';
import { valueOf } from './yaml-values.ts';

/** A document's value as Kubernetes' tools read it. */
export interface YamlDocument {
  value: unknown;
  /** The line of its first value, counted from 1. */
  line: number;
}

/** Each time costs another reading of the document. */
const MAX_INDENTED = 200;

/**
 * Reads the first document of a text.
 * @throws YamlProblem with its line in the text
 */
export function readYaml(text: string): YamlDocument {
  const { readable, document } = parseLenient(text);
  try {
    if (!document) return { value: null, line: 1 };
    return { value: valueOf(document.contents), line: lineAt(readable, document.contents?.range?.[0]) };
  } catch (problem) {
    throw withLine(problem, readable);
  }
}

/** The line of a field, or of the nearest one around it: a field can come from an alias. */
export function lineIn(text: string, path: Path): number {
  const { readable, document } = parseLenient(text);
  for (let length = path.length; length > 0; length--) {
    const keyOf = (isIn: unknown, key: string | number) =>
      isMap(isIn) ? isIn.items.find((item) => isScalar(item.key) && String(item.key.value) === key)?.key : undefined;
    const parent = document?.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1] ?? 0;
    const node = keyOf(parent, last) ?? document?.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lineAt(readable, node.range[0]);
  }
  return lineAt(readable, document?.contents?.range?.[0]);
}

/** Parses what kubectl accepts, and not only what YAML allows. */
function parseLenient(text: string): { readable: string; document: Document | undefined } {
  let readable = normalizeLines(text);
  try {
    for (let left = MAX_INDENTED; ; left--) {
      const document = parse(readable);
      const error = document?.errors[0];
      if (!error) return { readable, document };
      const again = left === 0 ? undefined : indentFurther(readable, error);
      if (again === undefined) throw new YamlProblem(error.message, error.pos[0]);
      readable = again;
    }
  } catch (problem) {
    throw withLine(problem, readable);
  }
}

function withLine(problem: unknown, text: string): unknown {
  return problem instanceof YamlProblem ? new YamlProblem(problem.message, lineAt(text, problem.place)) : problem;
}

function lineAt(text: string, offset = 0): number {
  return text.slice(0, offset).split('\n').length;
}

function parse(text: string): Document | undefined {
  // Scalars stay texts: `valueOf` reads them.
  const composer = new Composer({
    schema: 'failsafe',
    version: '1.1',
    uniqueKeys: false,
    logLevel: 'silent',
    strict: false,
  });
  const [first] = composer.compose(tokensOf(text), false, text.length);
  if (first === undefined && /^%/m.test(text))
    throw new YamlProblem('a directive such as `%YAML` is not supported, by kubectl neither', text.search(/^%/m));
  if (
    first?.directives.docEnd &&
    !first.directives.docStart &&
    isScalar(first.contents) &&
    first.contents.source === ''
  )
    throw new YamlProblem('expected a document before `...`', first.range[0]);
  return first;
}
