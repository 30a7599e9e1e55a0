import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Config, ImageConfig } from '../config/config.ts';
import { CONTEXT } from '../freshness/inputs.ts';
import { ifPresent } from '../machine/if-present.ts';
import { makeStateDirectory, removeState } from '../machine/state-file.ts';
import { TreeIndex, writeIndex } from '../sources/tree-index.ts';
import type { SourceTree } from '../sources/tree.ts';
import { hidesChange } from './decide-resend.ts';

/** Where a build has copies of the definition. */
export function buildDirectory({ stateDirectory }: Config): string {
  return join(stateDirectory, 'build');
}

/** Where the links are. */
export function contextDirectory({ stateDirectory }: Config): string {
  return join(stateDirectory, 'contexts');
}

/** Names a context of an image. */
export function contextName(image: Pick<ImageConfig, 'name'>, context: string): string {
  return `${image.name}.${encodeURIComponent(context)}`;
}

/** Removes links and records of contexts that are not configured any more. */
export function removeOldContexts(config: Config): void {
  const directory = contextDirectory(config);
  const names = config.images.flatMap((image) =>
    [CONTEXT, ...Object.keys(image.contexts)].map((context) => contextName(image, context)),
  );
  for (const entry of ifPresent(() => readdirSync(directory)) ?? []) {
    const name = /^(.*)\.(?:link-[0-9a-f]+|sent)$/.exec(entry)?.[1];
    if (name !== undefined && !names.includes(name)) rmSync(join(directory, entry), { force: true });
  }
}

/** A context under a path of the harness, for one build. */
export interface SentContext {
  path: string;
  /**
   * Must be called after the build.
   * @param hasTree whether BuildKit now has the tree as it was read
   */
  close: (hasTree: boolean) => void;
}

/**
 * BuildKit caches the files of a directory under its path, and receives only those whose size, time
 * or mode differ. If a file's content changed under the same time, the image would keep the old
 * content. So each context is passed as a link. The link gets a new name when such a change may be
 * hidden, and keeps its name otherwise.
 * @param directory where the links are kept, with records of what was sent under them
 * @param name the names of the image and of its context
 */
export function openContext(directory: string, name: string, context: string, tree: SourceTree): SentContext {
  makeStateDirectory(directory);
  const record = join(directory, `${name}.sent`);
  const links = readdirSync(directory).filter((entry) => entry.startsWith(`${name}.link-`));
  const sent = TreeIndex.read(record)?.readRows();
  // If this process dies, it is unknown what was sent.
  removeState(record);
  const reusable = sent && !hidesChange(sent, tree.rows()) ? links[0] : undefined;
  const link = reusable ?? `${name}.link-${randomBytes(6).toString('hex')}`;
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
      // a full or read-only disk: the next build sends everything again
    }
  };
  return { path, close };
}
