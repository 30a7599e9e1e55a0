import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { readState, writeState } from '../machine/state-file.ts';
import { IgnoreRules, type IgnoreMatch } from './dockerignore.ts';
import { fileSet, READING_FORMAT, type FileSet } from './file-set.ts';

/** A context's files, told apart by what counts. */
export interface SplitFiles {
  inside: FileSet;
  outside: FileSet;
}

/**
 * What `sources` lets count of a context. Its patterns are written as in an ignore file but say
 * what counts: a directory stands for everything below it, `!` takes out again.
 */
export class SourceFilter {
  readonly #rules: IgnoreRules;
  readonly #known = new Map<string, IgnoreMatch>();

  constructor(sources: readonly string[]) {
    this.#rules = new IgnoreRules(sources.join('\n'));
  }

  counts(path: string): boolean {
    return this.#standing(path).ignored;
  }

  split({ entries }: FileSet): SplitFiles {
    const [inside, outside] = [new Map<string, string>(), new Map<string, string>()];
    for (const [path, entry] of entries()) (this.counts(path) ? inside : outside).set(path, entry);
    return { inside: fileSet(inside), outside: fileSet(outside) };
  }

  #standing(path: string): IgnoreMatch {
    const before = this.#known.get(path);
    if (before) return before;
    const slash = path.lastIndexOf('/');
    const own = slash === -1 ? this.#rules.match(path) : this.#rules.match(path, this.#standing(path.slice(0, slash)));
    this.#known.set(path, own);
    return own;
  }
}

/**
 * What a split was, by the digest of what was split and the patterns: both digests and both counts.
 */
interface Remembered {
  key: string;
  inside: Pick<FileSet, 'digest' | 'count'>;
  outside: Pick<FileSet, 'digest' | 'count'>;
}

/**
 * As `SourceFilter.split`, but remembers the digests: an unchanged tree need not be split again to
 * know them. A cache only, as the index is.
 * @param directory where it is remembered
 * @param name under which
 */
export function splitOrRemember(
  files: FileSet,
  sources: readonly string[],
  directory: string,
  name: string,
): SplitFiles {
  const path = join(directory, `${name}.split.json`);
  const key = createHash('sha256')
    .update(JSON.stringify([READING_FORMAT, files.digest, sources]))
    .digest('hex');
  let split: SplitFiles | undefined;
  const whole = () => (split ??= new SourceFilter(sources).split(files));
  const stored = readState<{ text: string; checksum: number }>(path);
  if (stored && typeof stored.text === 'string' && crc32(stored.text) === stored.checksum) {
    const { key: known, inside, outside } = JSON.parse(stored.text) as Remembered;
    const lazily = (part: Pick<FileSet, 'digest' | 'count'>, which: keyof SplitFiles) => ({
      ...part,
      entries: () => whole()[which].entries(),
    });
    if (known === key) return { inside: lazily(inside, 'inside'), outside: lazily(outside, 'outside') };
  }
  const { inside, outside } = whole();
  // What the digest was taken of may have been replaced since: then this is another tree's split.
  if (fileSet(files.entries()).digest !== files.digest) return { inside, outside };
  const part = ({ digest, count }: FileSet) => ({ digest, count });
  const text = JSON.stringify({ key, inside: part(inside), outside: part(outside) } satisfies Remembered);
  try {
    writeState(path, JSON.stringify({ text, checksum: crc32(text) }));
  } catch {
    // a full or read-only disk costs the next check its time
  }
  return { inside, outside };
}
