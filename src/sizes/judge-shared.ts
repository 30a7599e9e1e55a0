import type { HistoryEntry } from '../docker/image-history.ts';

/** What tells which layers two images share. */
export interface LayeredImage {
  /** The last entry first. */
  history: readonly HistoryEntry[];
  /** Digests of the layers' contents, lowest first. */
  layers: readonly string[];
}

/**
 * How many of the lowest entries of two histories are the same layers: the entries are equal, also in
 * their times, and so are their layers.
 */
export function sharedEntries(one: LayeredImage, other: LayeredImage): number {
  const layers = equalStart(one.layers, other.layers, (a, b) => a === b);
  const entries = equalStart(one.history.toReversed(), other.history.toReversed(), isSame);
  const lowest = one.history.toReversed().slice(0, entries);
  const hasLayer = layerTest(one);
  let count = 0;
  for (const [index, entry] of lowest.entries()) {
    if (hasLayer(entry)) count += 1;
    if (count > layers) return index;
  }
  return entries;
}

/**
 * The engine does not say which entries have a layer. With BuildKit, all that run or copy something
 * have one, also of no bytes. If this does not add up, only what has bytes counts.
 */
function layerTest({ history, layers }: LayeredImage): (entry: HistoryEntry) => boolean {
  const hasBytes = ({ bytes }: HistoryEntry) => bytes > 0;
  const changesFiles = (entry: HistoryEntry) => hasBytes(entry) || /^(RUN|COPY|ADD|WORKDIR)\s/.test(entry.instruction);
  return history.filter(changesFiles).length === layers.length ? changesFiles : hasBytes;
}

function isSame(a: HistoryEntry, b: HistoryEntry): boolean {
  return a.instruction === b.instruction && a.bytes === b.bytes && a.created === b.created;
}

function equalStart<T>(a: readonly T[], b: readonly T[], isEqual: (x: T, y: T) => boolean): number {
  const end = a.findIndex((value, index) => index >= b.length || !isEqual(value, b[index] as T));
  return end === -1 ? a.length : end;
}
