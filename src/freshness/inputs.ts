import { createHash } from 'node:crypto';
import { compareFiles, fileSet, READING_FORMAT, type FileChange, type FileSet } from '../sources/file-set.ts';

/**
 * What the digest is taken over changes with this number: an older or newer harness's record then
 * says nothing, and the image is stale.
 */
const FORMAT = 3;

/**
 * Everything that can change an image, except the bytes themselves: those are in the trees as
 * hashes.
 */
export interface Inputs {
  /** The build context as `context`, and each named context that is a directory under its name. */
  trees: Readonly<Record<string, FileSet>>;
  /**
   * Settings by name, such as `target` or `build argument VERSION`. What is not to be shown is here
   * as a digest.
   */
  settings: Readonly<Record<string, string>>;
  /**
   * Base images by the reference in `FROM`: the local id, `external` where the engine has none,
   * `pending` where it is to be built first.
   */
  bases: Readonly<Record<string, string>>;
}

/**
 * The name of the build context among the trees. BuildKit gives it this name, too, so no named
 * context can have it.
 */
export const CONTEXT = 'context';

/** One digest over all inputs. */
export function inputsDigest({ trees, settings, bases }: Inputs): string {
  const hash = createHash('sha256').update(`kind-harness inputs ${FORMAT}.${READING_FORMAT}\n`);
  const digests = Object.entries(trees).map(([name, { digest }]): [string, string] => [name, digest]);
  const parts = { setting: Object.entries(settings), base: Object.entries(bases), tree: digests };
  for (const [what, values] of Object.entries(parts)) {
    for (const value of values.sort(([a], [b]) => (a < b ? -1 : 1))) hash.update(`${what} ${JSON.stringify(value)}\n`);
  }
  return `sha256:${hash.digest('hex')}`;
}

/** One difference between two sets of inputs. */
export interface Change {
  /** A file's path in its context, or the name of a setting or base. */
  path: string;
  kind: FileChange['kind'] | 'setting' | 'base';
  /** For files of a named context: its name. */
  context?: string;
  /** For settings and bases: the old and the new value, unless it is not to be shown. */
  detail?: string;
}

/** What differs from `before` to `after`: settings, then bases, then files by path. */
export function compareInputs(before: Inputs, after: Inputs): Change[] {
  const files = namesIn(before.trees, after.trees).flatMap((name) => {
    const changes: Change[] = compareFiles(before.trees[name] ?? NO_FILES, after.trees[name] ?? NO_FILES);
    return name === CONTEXT ? changes : changes.map((change) => ({ ...change, context: name }));
  });
  return [
    ...compareRecords(before.settings, after.settings, 'setting'),
    ...compareRecords(before.bases, after.bases, 'base'),
    ...files,
  ];
}

const NO_FILES = fileSet(new Map());

/** A digest tells people nothing, and what it was taken of may be a secret. */
const DIGEST = /^(hmac-)?sha256:/;

function compareRecords(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
  kind: 'setting' | 'base',
): Change[] {
  return namesIn(before, after)
    .filter((name) => before[name] !== after[name])
    .map((name) => {
      const [was, is] = [before[name] ?? 'unset', after[name] ?? 'unset'];
      if (kind === 'setting' && (DIGEST.test(was) || DIGEST.test(is))) return { path: name, kind };
      return { path: name, kind, detail: `${was} → ${is}` };
    });
}

function namesIn(one: object, other: object): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].sort();
}
