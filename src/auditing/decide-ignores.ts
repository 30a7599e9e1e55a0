import { kindOf, STAT_COLUMNS, type StatRows } from '../sources/rows.ts';
import { IgnoreRules } from '../patterns/dockerignore.ts';
import { parentOf, rulesFilter } from './context-files.ts';

/** What an image that shares the ignore file does with the context. */
export interface ContextUse {
  image: string;
  /** Whether a step names a path or something above it, other than the whole context. */
  names: (path: string) => boolean;
  /** What `names` depends on. */
  named: readonly string[];
  /** The place of the step that takes the whole context, if one does. */
  sweep: string | undefined;
  /** The text of all `RUN` instructions. */
  runs: string;
}

/** A line for an ignore file. */
export interface ProposedLine {
  line: string;
  rule: 'unused-files' | 'rebuilt-files';
  reason: string;
  files: number;
  bytes: number;
}

/** Lines for an ignore file, and what they change. */
export interface Proposal {
  lines: ProposedLine[];
  filesBefore: number;
  filesAfter: number;
  bytesBefore: number;
  bytesAfter: number;
}

/** Less is not worth a line. */
const LEAST = { bytes: 64_000, files: 100 };
const MOST_LINES = 20;

/** Directories that are made again in the image, or that no image needs. */
const REBUILT: { names: string[]; when?: RegExp; unless?: RegExp; reason: string }[] = [
  {
    names: ['.git', '.hg', '.svn'],
    unless: /\bgit\b|setuptools[-_]scm|versioneer|\bgo (build|install)\b/,
    reason: 'no step uses the history',
  },
  {
    names: ['node_modules'],
    when: /\b(npm|pnpm|bun) (ci|i|install)\b|\byarn( install)?\b/,
    reason: 'a step installs the packages again',
  },
  {
    names: ['.venv', 'venv'],
    when: /\bpip3? install\b|\buv (sync|pip)\b|\bpoetry install\b/,
    reason: 'a step installs the packages again',
  },
  { names: ['target'], when: /\bcargo (build|install)\b|\bmvnw?\b/, reason: 'a step compiles it again' },
  {
    names: ['__pycache__', '.pytest_cache', '.mypy_cache', '.ruff_cache', '.tox', '.nox', '.nyc_output', '.gradle'],
    reason: 'it is a cache',
  },
  { names: ['.idea', '.vscode', '.DS_Store', '.terraform'], reason: 'no image needs it' },
];

interface Weight {
  files: number;
  bytes: number;
  /** Whether a secret is among the files. */
  hasSecret?: boolean;
}

/**
 * Proposes lines for an ignore file, and simulates them. A path that a step names stays, whatever
 * else is true of it. `COPY .` names nothing: what it takes is left out only if other steps make it
 * again or no image needs it.
 * @param uses the images that share the ignore file: all of them
 * @param isSecret files that are worth a line however small they are
 */
export function decideIgnores(
  rows: StatRows,
  ignore: string,
  uses: readonly ContextUse[],
  isSecret: (path: string) => boolean,
): Proposal {
  const { unused, rebuilt, total } = survey(rows, uses, isSecret);
  const proposed = [...rebuiltLines(rebuilt), ...unusedLines(unused)]
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, MOST_LINES);
  // One look at all of them is enough unless it finds a loss.
  let after = simulate(rows, ignore, proposed, uses);
  const lines = after.loses ? proposed.filter((line) => !simulate(rows, ignore, [line], uses).loses) : proposed;
  if (after.loses) after = simulate(rows, ignore, lines, uses);
  return {
    lines,
    filesBefore: total.files,
    filesAfter: after.files,
    bytesBefore: total.bytes,
    bytesAfter: after.bytes,
  };
}

/** Adds up the files that could be left out: each highest directory that holds nothing in use. */
function survey(rows: StatRows, uses: readonly ContextUse[], isSecret: (path: string) => boolean) {
  const sweepers = uses.filter(({ sweep }) => sweep !== undefined);
  const candidates = REBUILT.filter(
    ({ when, unless }) =>
      sweepers.length > 0 && sweepers.every(({ runs }) => (when?.test(runs) ?? true) && !unless?.test(runs)),
  );
  const total: Weight = { files: 0, bytes: 0 };
  const unused = new Map<string, Weight>();
  const rebuilt = new Map<string, Weight & { reason: string; sweep: string }>();
  const isNamed = (path: string) => uses.some((use) => use.names(path));
  const inUse = directoriesInUse(rows, isNamed);
  eachFile(rows, (path, bytes) => {
    add(total, bytes);
    if (sweepers.length === 0) {
      const top = highestUnused(path, inUse);
      if (top === path && isNamed(path)) return;
      const weight = unused.get(top) ?? { files: 0, bytes: 0, hasSecret: false };
      add(weight, bytes);
      weight.hasSecret ||= isSecret(path);
      unused.set(top, weight);
    } else if (candidates.length > 0 && !isNamed(path)) {
      const parts = path.split('/');
      const rule = candidates.find((candidate) => candidate.names.some((name) => parts.includes(name)));
      const name = rule?.names.find((candidate) => parts.includes(candidate));
      if (rule === undefined || name === undefined) return;
      const entry = rebuilt.get(name) ?? { files: 0, bytes: 0, reason: rule.reason, sweep: sweepers[0]?.sweep ?? '' };
      add(entry, bytes);
      rebuilt.set(name, entry);
    }
  });
  return { total, rebuilt, unused };
}

function directoriesInUse(rows: StatRows, isNamed: (path: string) => boolean): Set<string> {
  const inUse = new Set<string>(['']);
  eachFile(rows, (path) => {
    if (!inUse.has(parentOf(path)) && isNamed(path))
      for (let at = parentOf(path); !inUse.has(at); at = parentOf(at)) inUse.add(at);
  });
  return inUse;
}

/** The highest directory above a file that holds nothing in use, or the file itself. */
function highestUnused(path: string, inUse: ReadonlySet<string>): string {
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    const directory = path.slice(0, slash);
    if (!inUse.has(directory)) return directory;
  }
  return path;
}

function rebuiltLines(rebuilt: ReadonlyMap<string, Weight & { reason: string; sweep: string }>): ProposedLine[] {
  return [...rebuilt].map(([name, { reason, sweep, files, bytes }]) => ({
    line: `**/${name}`,
    rule: 'rebuilt-files',
    reason: `${sweep} takes it, but ${reason}`,
    files,
    bytes,
  }));
}

function unusedLines(unused: ReadonlyMap<string, Weight>): ProposedLine[] {
  return [...unused]
    .filter(
      ([path, { files, bytes, hasSecret }]) =>
        (hasSecret || bytes >= LEAST.bytes || files >= LEAST.files) && isWritable(path),
    )
    .map(([path, { files, bytes }]) => ({
      line: `/${path.replaceAll(/[\\*?[\]]/g, '\\$&')}`,
      rule: 'unused-files',
      reason: 'no step takes it',
      files,
      bytes,
    }));
}

/** Whether a path can be a line of an ignore file as it is. */
function isWritable(path: string): boolean {
  return !/[\r\n{}|^$]|^[!\s]|\s$/.test(path);
}

/** What a context holds with more lines, and whether they would exclude something that a step names. */
function simulate(
  rows: StatRows,
  ignore: string,
  lines: readonly ProposedLine[],
  uses: readonly ContextUse[],
): Weight & { loses: boolean } {
  const isIgnored = rulesFilter(new IgnoreRules(`${ignore}\n${lines.map(({ line }) => line).join('\n')}\n`));
  const left = { files: 0, bytes: 0, loses: false };
  eachFile(rows, (path, bytes) => {
    if (!isIgnored(path)) add(left, bytes);
    else left.loses ||= uses.some(({ names }) => names(path));
  });
  return left;
}

function eachFile(rows: StatRows, visit: (path: string, bytes: number) => void): void {
  for (const [row, path] of rows.paths.all().entries()) {
    const kind = kindOf(rows, row);
    if (kind === 'directory' || kind === 'entered') continue;
    visit(path, kind === 'file' ? (rows.stats[row * STAT_COLUMNS] ?? 0) : 0);
  }
}

function add(weight: Weight, bytes: number): void {
  weight.files++;
  weight.bytes += bytes;
}
