import { createHash } from 'node:crypto';

/**
 * What the digest is taken over changes with this number: an older or newer harness's record then says nothing,
 * and the image is stale.
 */
const FORMAT = 2;

/** Everything that can change an image, except the bytes themselves: those are in `files` as hashes. */
export interface Inputs {
  /** Path in the context to what stands there: kind, mode and content, as in `fileEntry`. */
  files: ReadonlyMap<string, string>;
  /** Settings by name, such as `target` or `build argument VERSION`. */
  settings: Readonly<Record<string, string>>;
  /** Base images by the reference in `FROM`: the local id, `external` where the engine has none, `pending` where it is to be built first. */
  bases: Readonly<Record<string, string>>;
}

/**
 * The line that stands for one file: what a build could see of it. Times and owners are none of it, as for BuildKit's own cache.
 * @param content a hash or a word of the harness's own, and never text from the tree: that could be made to look like further lines
 */
export function fileEntry(kind: 'file' | 'link' | 'directory' | 'special', mode: number, content: string): string {
  return `${kind} ${(mode & 0o7777).toString(8)} ${content}`;
}

/** One digest over all inputs, the same wherever the tree lies and whatever order it was read in. */
export function inputsDigest(inputs: Inputs): string {
  const hash = createHash('sha256');
  hash.update(`kind-harness inputs ${FORMAT}\n`);
  for (const [name, value] of sorted(Object.entries(inputs.settings))) hash.update(`setting ${JSON.stringify([name, value])}\n`);
  for (const [name, value] of sorted(Object.entries(inputs.bases))) hash.update(`base ${JSON.stringify([name, value])}\n`);
  for (const [path, entry] of sorted([...inputs.files])) hash.update(`${entry} ${JSON.stringify(path)}\n`);
  return `sha256:${hash.digest('hex')}`;
}

function sorted(entries: [string, string][]): [string, string][] {
  return entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** One difference between two sets of inputs. */
export interface Change {
  /** A file's path, or the name of a setting or base. */
  path: string;
  kind: 'modified' | 'added' | 'deleted' | 'mode' | 'setting' | 'base';
  /** For settings: the old and the new value. */
  detail?: string;
}

/** What differs from `before` to `after`: settings, then bases, then files by path. */
export function compareInputs(before: Inputs, after: Inputs): Change[] {
  return [
    ...compareRecords(before.settings, after.settings, 'setting'),
    ...compareRecords(before.bases, after.bases, 'base'),
    ...compareFiles(before.files, after.files),
  ];
}

function compareRecords(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
  kind: 'setting' | 'base',
): Change[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names
    .filter((name) => before[name] !== after[name])
    .map((name) => ({ path: name, kind, detail: `${before[name] ?? 'unset'} → ${after[name] ?? 'unset'}` }));
}

function compareFiles(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): Change[] {
  const changes: Change[] = [];
  for (const path of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const old = before.get(path);
    const now = after.get(path);
    if (old === now) continue;
    if (old === undefined) changes.push({ path, kind: 'added' });
    else if (now === undefined) changes.push({ path, kind: 'deleted' });
    else changes.push({ path, kind: withoutMode(old) === withoutMode(now) ? 'mode' : 'modified' });
  }
  return changes;
}

function withoutMode(entry: string): string {
  return entry.replace(/^(\w+) \d+ /, '$1 ');
}
