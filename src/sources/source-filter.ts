import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { readState, writeState } from '../machine/state-file.ts';
import { IgnoreRules, type IgnoreMatch } from '../patterns/dockerignore.ts';
import { fileSet, READING_FORMAT, type FileSet } from './file-set.ts';
import { pathMatcher } from '../patterns/path-matcher.ts';

/** The files of a context, split by whether they count. */
export interface SplitFiles {
  inside: FileSet;
  outside: FileSet;
}

/**
 * Selects the files of a context that count, by `sources` in the configuration. Its patterns have
 * the syntax of an ignore file, but name what counts. A directory includes everything below it, and
 * `!` excludes again.
 */
export class SourceFilter {
  readonly #match: (path: string) => IgnoreMatch;

  constructor(sources: readonly string[]) {
    this.#match = pathMatcher(new IgnoreRules(sources.join('\n')));
  }

  counts(path: string): boolean {
    return this.#match(path).ignored;
  }

  split({ entries }: FileSet): SplitFiles {
    const [inside, outside] = [new Map<string, string>(), new Map<string, string>()];
    for (const [path, entry] of entries()) (this.counts(path) ? inside : outside).set(path, entry);
    return { inside: fileSet(inside), outside: fileSet(outside) };
  }
}

/** The stored result of a split. `key` is the digest of the tree and the patterns. */
interface Remembered {
  key: string;
  inside: Pick<FileSet, 'digest' | 'count'>;
  outside: Pick<FileSet, 'digest' | 'count'>;
}

/**
 * Like `SourceFilter.split`, but stores the digests, so that an unchanged tree need not be split
 * again. Only a cache, as the index.
 * @param directory where the result is stored
 * @param name the name of its file, without the extension
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
  const splitNow = () => (split ??= new SourceFilter(sources).split(files));
  const stored = readState<{ text: string; checksum: number }>(path);
  if (stored && typeof stored.text === 'string' && crc32(stored.text) === stored.checksum) {
    const { key: storedKey, inside, outside } = JSON.parse(stored.text) as Remembered;
    const lazySet = (part: Pick<FileSet, 'digest' | 'count'>, which: keyof SplitFiles) => ({
      ...part,
      entries: () => splitNow()[which].entries(),
    });
    if (storedKey === key) return { inside: lazySet(inside, 'inside'), outside: lazySet(outside, 'outside') };
  }
  const { inside, outside } = splitNow();
  // The index of this digest may have been replaced meanwhile. Then this split is of another tree.
  if (fileSet(files.entries()).digest !== files.digest) return { inside, outside };
  const part = ({ digest, count }: FileSet) => ({ digest, count });
  const text = JSON.stringify({ key, inside: part(inside), outside: part(outside) } satisfies Remembered);
  try {
    writeState(path, JSON.stringify({ text, checksum: crc32(text) }));
  } catch {
    // if the disk is full or read-only, the next check only takes longer
  }
  return { inside, outside };
}
