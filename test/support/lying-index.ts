import { fileSet } from '../../src/sources/file-set.ts';
import { entriesOf, HASH_BYTES, type Rows } from '../../src/sources/rows.ts';
import { TreeIndex, writeIndex } from '../../src/sources/tree-index.ts';

/**
 * Lets an index say something else about files than what is in them, as if their contents had
 * changed without another stamp, long ago.
 * @param digest of the tree; default: the one that fits the changed rows
 */
export function lie(index: string, change: (rows: Rows) => Rows, digest?: string): void {
  const known = TreeIndex.read(index);
  const read = known?.readRows();
  if (!known || !read) throw new Error(`no index at ${index}`);
  const rows = change({ ...read, doubted: new Map() });
  const stampsDirectories = true;
  writeIndex(index, { ...known.tree, stampsDirectories, rows, digest: digest ?? fileSet(entriesOf(rows)).digest });
}

/** The rows with another content for one file. */
export function withAnotherHash(path: string): (rows: Rows) => Rows {
  return (rows) => {
    const hashes = Uint8Array.from(rows.hashes);
    const at = rows.paths.all().indexOf(path) * HASH_BYTES;
    hashes[at] = (hashes[at] ?? 0) ^ 1;
    return { ...rows, hashes };
  };
}
