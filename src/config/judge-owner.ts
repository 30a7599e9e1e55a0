import { sha256 } from '../core/digest.ts';

/** Whose a cluster, a registry or a service is. It is stored with each of them. */
export interface Owner {
  project: string;
  /** Whether the configuration sets `project`. Otherwise it is only the name of a directory. */
  isNamed: boolean;
  /** The directory of the configuration, without links. */
  directory: string;
  /** The first commit of the repository; undefined outside of one and in a shallow clone. */
  repository?: string | undefined;
  /** The directory of the configuration, from the top of the repository. */
  within?: string | undefined;
}

/**
 * Whether two owners are one. A name proves nothing, because directories of two repositories may
 * have the same one; the first commit does, and all clones of a repository have it. Where it is not
 * known, the name counts only if both configurations set it.
 */
export function isSameOwner(a: Owner, b: Owner): boolean {
  if (a.project !== b.project) return false;
  const areNamed = a.isNamed && b.isNamed;
  if (a.repository !== undefined && b.repository !== undefined)
    return a.repository === b.repository && (a.isNamed || b.isNamed || a.within === b.within);
  return areNamed || a.directory === b.directory;
}

/** A text that is the same for everything of one owner and for nothing of another one. */
export function ownerKey({ project, isNamed, directory, repository, within }: Owner): string {
  const place = isNamed ? [] : [within];
  return JSON.stringify(
    repository === undefined ? [project, isNamed ? '' : directory] : [project, repository, ...place],
  );
}

/** The owner in a label; undefined if it is missing, damaged or of an earlier version. */
export function ownerIn(label: string | undefined): Owner | undefined {
  try {
    return readOwner(JSON.parse(label ?? ''));
  } catch {
    return undefined;
  }
}

/**
 * Whether an object that bears the right names is somebody else's, and whose. One without an owner is
 * of an earlier version, and only its names count.
 * @param label the value of its label
 * @returns continues a sentence; undefined if it may be used
 */
export function otherOwner(label: string | undefined, self: Owner): string | undefined {
  const owner = ownerIn(label);
  return owner && !isSameOwner(owner, self) ? `it belongs to ${describeOwner(owner, self)}` : undefined;
}

/**
 * The owner as the label of an image has it: without a path, because images travel, and the same for
 * all clones of a repository, so that they build the same image.
 */
export function imageOwner({ project, isNamed, directory, repository, within }: Owner): Owner {
  const isPlace = repository === undefined && !isNamed;
  return { project, isNamed, directory: isPlace ? sha256(directory).slice(0, 16) : '', repository, within };
}

/**
 * Whether an image was certainly built by another project, which has the same name by accident: not
 * if both configurations set it. The label of a shallow clone tells too little, because that lacks
 * the first commit.
 * @param label the value of its label
 */
export function isOthersImage(label: string | undefined, self: Owner): boolean {
  const owner = ownerIn(label);
  const own = imageOwner(self);
  if (owner === undefined || owner.project !== own.project || isSameOwner(owner, own)) return false;
  if (owner.isNamed && own.isNamed) return false;
  if (owner.repository !== undefined && own.repository !== undefined) return true;
  return owner.within === undefined && own.within === undefined;
}

/** Names an owner in a message that also names `self`. */
export function describeOwner(owner: Owner, self: Owner): string {
  const other = `the project ${owner.project} in ${owner.directory}`;
  return owner.project === self.project ? `${other}, and this is ${self.directory}` : other;
}

/** Parses what was stored; undefined if it is missing, damaged or of an earlier version. */
export function readOwner(stored: unknown): Owner | undefined {
  const { project, isNamed, directory, repository, within } = (stored ?? {}) as Record<string, unknown>;
  if (typeof project !== 'string' || typeof isNamed !== 'boolean' || typeof directory !== 'string') return undefined;
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  return { project, isNamed, directory, repository: text(repository), within: text(within) };
}
