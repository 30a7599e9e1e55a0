import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';

/** Source texts by path, such as `src/core/words.ts`. */
export type Sources = ReadonlyMap<string, string>;

/** One import of another file of these sources, or of a package. */
interface Import {
  from: string;
  /** A path of these sources, or a package's name as written. */
  to: string;
  /** Whether the compiler removes it. */
  isType: boolean;
}

/** The package's sources as they are in the working tree. */
export function readSources(root: string): Sources {
  return new Map(globSync('src/**/*.ts', { cwd: root }).map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

/** The room of a file: its directory below `src/`, or the file itself if it is in none. */
export function roomOf(path: string): string {
  return path.split('/')[1] ?? path;
}

/** Imports that are neither from the file's own room nor from a lower floor. */
export function upwardImports(sources: Sources, floors: readonly (readonly string[])[]): string[] {
  const floorOf = new Map(floors.flatMap((rooms, floor) => rooms.map((room) => [room, floor] as const)));
  const unknown = [...new Set([...sources.keys()].map(roomOf))].filter((room) => !floorOf.has(room));
  const upward = importsOf(sources).flatMap(({ from, to }) => {
    const [own, other] = [roomOf(from), roomOf(to)];
    if (!sources.has(to) || own === other || (floorOf.get(other) ?? Infinity) < (floorOf.get(own) ?? -1)) return [];
    return [`${from} imports ${to}, but ${own} may not import from ${other}`];
  });
  return [...unknown.map((room) => `${room} has no floor`), ...upward];
}

/** Files that import each other, directly or through others; types count. */
export function circles(sources: Sources): string[] {
  const targets = Map.groupBy(importsOf(sources), ({ from }) => from);
  const found: string[] = [];
  const finished = new Set<string>();
  const visit = (path: string, above: readonly string[]): void => {
    if (finished.has(path)) return;
    const start = above.indexOf(path);
    if (start !== -1) {
      found.push(`these import each other: ${[...above.slice(start), path].join(' → ')}`);
      return;
    }
    for (const { to } of targets.get(path) ?? []) if (sources.has(to)) visit(to, [...above, path]);
    finished.add(path);
  };
  for (const path of sources.keys()) visit(path, []);
  return found;
}

/** What a pure file may import besides these sources. */
const PURE_MODULES = ['node:path', 'node:crypto', 'node:util'];

/** What a pure file must not use: these depend on time or place. */
const IMPURE_NAMES = /^(process|fetch|performance|setTimeout|setInterval|setImmediate|console)$/;

/** Files named `decide-*` or `judge-*` that reach an effect through the values that they import. */
export function impureDecisions(sources: Sources): string[] {
  const values = Map.groupBy(
    importsOf(sources).filter(({ isType }) => !isType),
    ({ from }) => from,
  );
  const effects = new Map([...sources].map(([path, text]) => [path, effectsIn(path, text)]));
  return [...sources.keys()].filter(isDecision).flatMap((start) => {
    const found: string[] = [];
    const seen = new Set<string>();
    const visit = (path: string, chain: string): void => {
      if (seen.has(path)) return;
      seen.add(path);
      found.push(...(effects.get(path) ?? []).map((effect) => `${chain} ${effect}`));
      for (const { to } of values.get(path) ?? []) {
        if (sources.has(to)) visit(to, `${chain} → ${to}`);
        else if (!PURE_MODULES.includes(to)) found.push(`${chain} imports ${to}`);
      }
    };
    visit(start, start);
    return found.map((sentence) => `${sentence}, and a decision must be pure`);
  });
}

function isDecision(path: string): boolean {
  return /\/(decide|judge)-[^/]*\.ts$/.test(path);
}

/** Uses of the clock, random numbers, the process and the like in a file. */
function effectsIn(path: string, text: string): string[] {
  const found: string[] = [];
  const look = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && IMPURE_NAMES.test(node.text) && isFree(node)) found.push(`uses ${node.text}`);
    if (ts.isPropertyAccessExpression(node) && ['Date.now', 'Math.random'].includes(node.getText()))
      found.push(`uses ${node.getText()}`);
    if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length)
      found.push('uses new Date()');
    ts.forEachChild(node, look);
  };
  look(parse(path, text));
  return found;
}

/** Whether an identifier refers to a global, and not to a property or declaration of that name. */
function isFree({ parent, text }: ts.Identifier): boolean {
  if (ts.isPropertyAccessExpression(parent)) return parent.expression.getText() === text;
  return ts.isCallExpression(parent) || ts.isTypeOfExpression(parent) || ts.isElementAccessExpression(parent);
}

/** Which of `process.env`, `process.argv` and `process.cwd` each file reads. */
export function surroundingsRead(sources: Sources): Map<string, string[]> {
  const read = [...sources].map(([path, text]) => {
    const found = new Set<string>();
    const look = (node: ts.Node): void => {
      const name = ts.isPropertyAccessExpression(node) ? node.getText() : '';
      if (/^process\.(env|argv|cwd)$/.test(name)) found.add(name);
      ts.forEachChild(node, look);
    };
    look(parse(path, text));
    return [path, [...found].sort()] as const;
  });
  return new Map(read.filter(([, found]) => found.length > 0));
}

/** Rooms with too many files, and files with too many lines. */
export function oversized(sources: Sources, limits: { files: number; lines: number }): string[] {
  const rooms = [...Map.groupBy(sources.keys(), roomOf)].filter(([, files]) => files.length > limits.files);
  const long = [...sources].filter(([, text]) => text.trimEnd().split('\n').length > limits.lines);
  return [
    ...rooms.map(([room, files]) => `src/${room} has ${files.length} files, more than ${limits.files}`),
    ...long.map(([path, text]) => `${path} has ${text.trimEnd().split('\n').length} lines, more than ${limits.lines}`),
  ];
}

function importsOf(sources: Sources): Import[] {
  return [...sources].flatMap(([from, text]) => {
    const found: Import[] = [];
    const add = (written: string, isType: boolean) => {
      found.push({ from, to: written.startsWith('.') ? normalize(join(dirname(from), written)) : written, isType });
    };
    const look = (node: ts.Node): void => {
      if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier)
        add((node.moduleSpecifier as ts.StringLiteral).text, isTypeOnly(node));
      if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
        const [written] = node.arguments;
        if (written && ts.isStringLiteralLike(written)) add(written.text, false);
      }
      if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
        add((node.argument.literal as ts.StringLiteral).text, true);
      ts.forEachChild(node, look);
    };
    look(parse(from, text));
    return found;
  });
}

function isTypeOnly(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  const { importClause } = node;
  if (importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = importClause?.namedBindings;
  return (
    importClause !== undefined &&
    importClause.name === undefined &&
    named !== undefined &&
    ts.isNamedImports(named) &&
    named.elements.length > 0 &&
    named.elements.every((element) => element.isTypeOnly)
  );
}

const parsed = new Map<string, ts.SourceFile>();

function parse(path: string, text: string): ts.SourceFile {
  const known = parsed.get(text) ?? ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  parsed.set(text, known);
  return known;
}
