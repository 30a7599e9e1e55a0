import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config, ImageConfig } from '../config/config.ts';
import { LABELS } from '../core/labels.ts';
import type { DockerImage } from '../docker/engine.ts';
import type { Inputs } from '../freshness/inputs.ts';
import type { SourceProblem } from '../freshness/judge-sources.ts';
import { replaceFile } from '../machine/state-file.ts';
import type { FileSet } from '../sources/file-set.ts';

/** When and why a build ran. */
export interface BuildStory {
  /** Milliseconds since the epoch. */
  at: number;
  /** Why it ran, and everything that had changed, as far as known. */
  reason: string;
  changes: string[];
  /** Duration in milliseconds. */
  ms: number;
}

/**
 * The inputs of the last build on this machine. They explain a verdict. They decide it only for the
 * image whose id is recorded with them, see `builtFrom`; otherwise the label on the image does.
 */
export interface BuildRecord {
  /** The inputs digest; `NOT_KNOWN` if the build used something that did not count. */
  digest: string;
  uncounted?: readonly SourceProblem[] | undefined;
  inputs: Inputs;
  /** The files outside of `sources` when changes to them were last reported. */
  outside: FileSet | undefined;
  /** Undefined for an image that was built elsewhere. */
  story: BuildStory | undefined;
  /**
   * The engine's id of the image that was built, or was proven to be what a build from these inputs
   * gives. An image with this id needs no other proof that its label is its own.
   */
  id: string | undefined;
  /** The facts that the build put into the image, by the names of the stamps. */
  stamps?: Readonly<Record<string, string>> | undefined;
}

/**
 * The first line of the file. The file lists follow it, because they are long and rarely needed.
 */
interface Head {
  format: typeof FORMAT;
  digest: string;
  settings: Record<string, string>;
  bases: Record<string, string>;
  trees: [name: string, digest: string, count: number][];
  outside: [digest: string, count: number] | null;
  story: BuildStory | null;
  /** Missing in records of earlier versions. */
  id?: string | undefined;
  uncounted?: readonly SourceProblem[] | undefined;
  stamps?: Readonly<Record<string, string>> | undefined;
}

interface Body {
  trees: [path: string, entry: string][][];
  outside: [path: string, entry: string][];
}

const FORMAT = 3;

function recordPath(config: Config, image: ImageConfig): string {
  return join(config.stateDirectory, 'built', `${image.name}.json`);
}

/**
 * Records what an image was built from, so that the next verdict can name what changed. If writing
 * fails, the next verdict cannot.
 */
export function writeRecord(config: Config, image: ImageConfig, record: BuildRecord): void {
  const { digest, uncounted, inputs, outside, story, id, stamps } = record;
  const trees = Object.entries(inputs.trees);
  const head: Head = {
    format: FORMAT,
    digest,
    settings: { ...inputs.settings },
    bases: { ...inputs.bases },
    trees: trees.map(([name, files]) => [name, files.digest, files.count]),
    outside: outside ? [outside.digest, outside.count] : null,
    story: story ?? null,
    id,
    uncounted,
    stamps,
  };
  const body: Body = {
    trees: trees.map(([, files]) => [...files.entries()]),
    outside: [...(outside?.entries() ?? [])],
  };
  try {
    const text = `${JSON.stringify(head)}\n${JSON.stringify(body)}`;
    replaceFile(recordPath(config, image), (file) => writeFileSync(file, text), 0o600, true);
  } catch {
    // a full or read-only disk: the image is valid without its record
  }
}

/** The record of an image's last build on this machine; undefined if there is none. */
export function readRecord(config: Config, image: ImageConfig): BuildRecord | undefined {
  const path = recordPath(config, image);
  try {
    const head = JSON.parse(firstLine(path)) as Head;
    return head.format === FORMAT ? toRecord(path, head) : undefined;
  } catch {
    return undefined; // absent or damaged
  }
}

function toRecord(path: string, head: Head): BuildRecord {
  let body: Body | undefined;
  const files = (part: (body: Body) => [string, string][] | undefined) => () =>
    new Map(part((body ??= readBody(path, head.digest))) ?? []);
  return {
    digest: head.digest,
    uncounted: head.uncounted,
    inputs: {
      settings: head.settings,
      bases: head.bases,
      trees: Object.fromEntries(
        head.trees.map(([name, digest, count], i) => [
          name,
          { digest, count, entries: files(({ trees }) => trees[i]) },
        ]),
      ),
    },
    outside: head.outside
      ? { digest: head.outside[0], count: head.outside[1], entries: files(({ outside }) => outside) }
      : undefined,
    story: head.story ?? undefined,
    id: head.id,
    stamps: head.stamps,
  };
}

/**
 * The digest of the inputs that an image was built from: the one on its label, or, if a later build
 * gave the same result and so left the image in place, the one on record for it.
 * @param wanted the digest that the caller looks for; it is returned if either has it
 */
export function builtFrom(
  image: Pick<DockerImage, 'id' | 'labels'> | undefined,
  record: Pick<BuildRecord, 'id' | 'digest'> | undefined,
  wanted: string,
): string | undefined {
  const label = image?.labels[LABELS.inputs];
  return label === undefined || label === wanted || record?.id !== image?.id ? label : record?.digest;
}

const PIECE_BYTES = 1 << 16;

function firstLine(path: string): string {
  const file = openSync(path, 'r');
  try {
    const pieces: Buffer[] = [];
    for (;;) {
      const piece = Buffer.allocUnsafe(PIECE_BYTES);
      const read = piece.subarray(0, readSync(file, piece));
      const end = read.indexOf('\n');
      pieces.push(end === -1 ? read : read.subarray(0, end));
      if (end !== -1 || read.length === 0) return Buffer.concat(pieces).toString('utf8');
    }
  } finally {
    closeSync(file);
  }
}

/**
 * Reads the file lists, some time after the head. If another process has replaced the file since,
 * the lists are empty.
 */
function readBody(path: string, digest: string): Body {
  const empty: Body = { trees: [], outside: [] };
  try {
    const text = readFileSync(path, 'utf8');
    const end = text.indexOf('\n');
    if ((JSON.parse(text.slice(0, end)) as Head).digest !== digest) return empty;
    return (JSON.parse(text.slice(end + 1)) as Body | null) ?? empty;
  } catch {
    return empty;
  }
}
