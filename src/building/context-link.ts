import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { makeStateDirectory, removeState } from '../machine/state-file.ts';
import { TreeIndex, writeIndex } from '../sources/tree-index.ts';
import type { SourceTree } from '../sources/tree.ts';
import { hidesChange } from './decide-resend.ts';

/** A context under a path of the harness's own, for one build. */
export interface SentContext {
  path: string;
  /**
   * Tells what became of the build: whether BuildKit now has the tree as it was read, or whatever
   * else.
   */
  close: (hasTree: boolean) => void;
}

/**
 * BuildKit keeps what it was sent of a directory under its path, and is sent again only those files
 * whose size, time or mode differ: a content that was changed under the same time would stay the
 * old one in the image. So each context is handed over under a link whose name is another one
 * whenever such a change may be hidden, and the same one otherwise.
 * @param directory where the links are kept, and what was sent under them
 * @param name of the image and its context
 */
export function openContext(directory: string, name: string, context: string, tree: SourceTree): SentContext {
  makeStateDirectory(directory);
  const record = join(directory, `${name}.sent`);
  const links = readdirSync(directory).filter((entry) => entry.startsWith(`${name}.link-`));
  const sent = TreeIndex.read(record)?.readRows();
  // Should this process die, nobody knows what was sent.
  removeState(record);
  const known = sent && !hidesChange(sent, tree.rows()) ? links[0] : undefined;
  const link = known ?? `${name}.link-${randomBytes(6).toString('hex')}`;
  for (const old of links.filter((entry) => entry !== link)) rmSync(join(directory, old), { force: true });
  const path = join(directory, link);
  rmSync(path, { force: true }); // the context may be another directory now
  symlinkSync(context, path);
  const close = (hasTree: boolean) => {
    if (!hasTree) return;
    try {
      writeIndex(record, {
        rows: tree.rows(),
        digest: tree.files.digest,
        count: tree.files.count,
        stampsDirectories: false,
      });
    } catch {
      // a full or read-only disk: then all of it is sent again
    }
  };
  return { path, close };
}
