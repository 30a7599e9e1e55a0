import { join } from 'node:path';
import { sha256 } from '../core/digest.ts';
import { keep, recall } from '../machine/remembered-answer.ts';
import type { Session } from '../session.ts';
import { kindOf, STAT_COLUMNS, type Rows } from '../sources/rows.ts';
import { parentOf, patternFilter } from './context-files.ts';
import { judgeSecretName } from './judge-secrets.ts';
import { predictTransfer, type Measured } from './predict-transfer.ts';
import type { ReadImage } from './read-image.ts';
import { secretContents } from './secret-contents.ts';

/** What an audit knows about the files of a context. */
export interface ContextFacts {
  measured: Measured;
  secrets: SecretFile[];
  largest: LargeThing[];
}

/** A file of a context that holds a secret. */
export interface SecretFile {
  path: string;
  what: string;
  /** Counted from 1, if the secret itself was found and not only a name. */
  line?: number;
  isTaken: boolean;
  bytes: number;
}

/** Increase this whenever the facts about the same files would be others. */
const FORMAT = 1;

/** The facts about an image's context, found again only if a file or what steps take has changed. */
export function contextFacts({ config }: Session, read: ReadImage): ContextFacts {
  const { image, observed, taken, patterns } = read;
  const directory = join(config.stateDirectory, 'audit');
  const path = join(directory, `${image.name}.json`);
  const question = [FORMAT, observed.context.files.digest, taken.length > 0, patterns ?? null];
  const known = recall<ContextFacts>(path, question);
  if (known) return known;
  const rows = observed.context.rows();
  const isTaken = patterns && patternFilter(patterns);
  const facts: ContextFacts = {
    measured: predictTransfer(rows, taken.length > 0, isTaken),
    secrets: secretsIn(read, rows, join(directory, `${sha256(image.context).slice(0, 16)}.clean`)),
    largest: largestIn(rows),
  };
  keep(path, question, facts);
  return facts;
}

function secretsIn({ image, taken, patterns }: ReadImage, rows: Rows, memory: string): SecretFile[] {
  const isTaken = patterns ? patternFilter(patterns) : () => true;
  const byContent = secretContents(image.context, rows, memory);
  const found: SecretFile[] = [];
  for (const [row, path] of rows.paths.all().entries()) {
    if (kindOf(rows, row) !== 'file') continue;
    const content = byContent.get(path);
    const what = content?.what ?? judgeSecretName(path);
    if (what === undefined) continue;
    const bytes = rows.stats[row * STAT_COLUMNS] ?? 0;
    found.push({
      path,
      what,
      ...(content ? { line: content.line } : {}),
      isTaken: taken.length > 0 && isTaken(path),
      bytes,
    });
  }
  return found;
}

/** One of the largest things in a context. */
export interface LargeThing {
  /** A directory ends with a slash. */
  path: string;
  files: number;
  bytes: number;
}

/** The largest files and directories at the top of a context. */
function largestIn(rows: Rows, most = 5): LargeThing[] {
  const things = new Map<string, LargeThing>();
  for (const [row, path] of rows.paths.all().entries()) {
    if (kindOf(rows, row) !== 'file') continue;
    const top = parentOf(path) === '' ? path : `${path.slice(0, path.indexOf('/'))}/`;
    const thing = things.get(top) ?? { path: top, files: 0, bytes: 0 };
    thing.files++;
    thing.bytes += rows.stats[row * STAT_COLUMNS] ?? 0;
    things.set(top, thing);
  }
  return [...things.values()].sort((a, b) => b.bytes - a.bytes).slice(0, most);
}
