import { createHash } from 'node:crypto';
import { compareFiles, fileSet, READING_FORMAT, type FileChange, type FileSet } from '../sources/file-set.ts';

/**
 * Increase this when the content of the digest changes. Records of other harness versions then no
 * longer match, and their images are stale.
 */
const FORMAT = 3;

/** Everything that can change an image. File contents appear in the trees as hashes. */
export interface Inputs {
  /** The build context as `context`; each named context that is a directory, under its name. */
  trees: Readonly<Record<string, FileSet>>;
  /**
   * Settings by name, such as `target` or `build argument VERSION`. Values that must not be shown
   * are replaced by a digest.
   */
  settings: Readonly<Record<string, string>>;
  /**
   * Base images by the reference in `FROM`: the local id, `external` if the engine does not have
   * the image, `pending` if it must be built first.
   */
  bases: Readonly<Record<string, string>>;
}

/**
 * The name of the build context among the trees. BuildKit uses the same name, so no named context
 * can have it.
 */
export const CONTEXT = 'context';

/** One digest over all inputs. */
export function inputsDigest({ trees, settings, bases }: Inputs): string {
  const hash = createHash('sha256').update(`kind-harness inputs ${FORMAT}.${READING_FORMAT}\n`);
  const digests = Object.entries(trees).map(([name, { digest }]): [string, string] => [name, digest]);
  const parts = { setting: Object.entries(settings), base: Object.entries(bases), tree: digests };
  for (const [kind, values] of Object.entries(parts)) {
    for (const value of values.sort(([a], [b]) => (a < b ? -1 : 1))) hash.update(`${kind} ${JSON.stringify(value)}\n`);
  }
  return `sha256:${hash.digest('hex')}`;
}

/** One difference between two sets of inputs. */
export interface Change {
  /** A file's path in its context, or the name of a setting or base. */
  path: string;
  kind: FileChange['kind'] | 'setting' | 'base';
  /** The named context of a file; absent for files of the build context. */
  context?: string;
  /** The old and the new value of a setting or base; absent if they must not be shown. */
  detail?: string;
}

/** The differences from `before` to `after`: settings, then bases, then files by path. */
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

/** Digests are not shown: they mean nothing to people, and may be digests of secrets. */
const DIGEST = /^(hmac-)?sha256:/;

function compareRecords(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
  kind: 'setting' | 'base',
): Change[] {
  return namesIn(before, after)
    .filter((name) => before[name] !== after[name])
    .map((name) => {
      const [oldValue, newValue] = [before[name] ?? 'unset', after[name] ?? 'unset'];
      if (kind === 'setting' && (DIGEST.test(oldValue) || DIGEST.test(newValue))) return { path: name, kind };
      return { path: name, kind, detail: `${oldValue} → ${newValue}` };
    });
}

function namesIn(before: object, after: object): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
}
