import { holdName } from '../caching/hold-name.ts';
import type { NodeHoldings, Snapshot } from '../containerd/holdings.ts';
import { loadLine } from '../containerd/load-record.ts';
import type { StoredImage } from '../registry/client.ts';
import { NODE_HOST, REPOSITORY } from '../registry/registry.ts';

/** Names to remove from an image, and whether the image itself is removed. */
export interface Removal {
  id: string;
  names: readonly string[];
  whole: boolean;
  reason: string;
}

/** The start of an image's name in a node during a pull. It stays only if the node died then. */
const PULL_NAME = `${NODE_HOST}/${REPOSITORY}@`;

/**
 * Decides what to remove from a node: images and names that this harness loaded, according to the
 * node's load record, and that are neither wanted nor used by a container.
 * @param wanted names that stay; undefined to keep all names, so that only images without a name
 * are removed
 */
export function decideNodePrune(
  { images, used, loads }: NodeHoldings,
  wanted: ReadonlySet<string> | undefined,
): Removal[] {
  const loadedIds = new Set([...loads].map((line) => line.slice(0, line.indexOf(' '))));
  return images.flatMap(({ id, names, pinned }): Removal[] => {
    if (pinned) return [];
    const isPullName = (name: string) => name.startsWith(PULL_NAME);
    const isUnneeded = (name: string) =>
      wanted?.has(name) === false && loads.has(loadLine(id, name)) && !used.has(name);
    const removable = names.filter((name) => isPullName(name) || isUnneeded(name));
    if (removable.length < names.length)
      return removable.length === 0 ? [] : [{ id, names: removable, whole: false, reason: NOT_CONFIGURED }];
    if (used.has(id) || !(loadedIds.has(id) || names.some(isPullName))) return [];
    return [{ id, names: removable, whole: true, reason: removable.some(isUnneeded) ? NOT_CONFIGURED : REPLACED }];
  });
}

const REPLACED = 'replaced by a newer image';
const NOT_CONFIGURED = 'not in the configuration';

/** An image in Docker. */
export interface DockerHolding {
  id: string;
  names: readonly string[];
  labels: { project: string | undefined; image: string | undefined };
  /**
   * Whether it is itself a build of the harness. Everything that is built on one inherits its
   * labels.
   */
  isOwn: boolean;
  /** Whether another repository, whose project may have the same name, built it. */
  isOthers: boolean;
  /**
   * What else needs it: `container <name>` for each container, running or stopped, and
   * `image <name>` for each image of somebody else that is built on it.
   */
  neededBy: readonly string[];
}

/** What decides which images Docker keeps. */
export interface DockerNeeds {
  project: string;
  /** The engine's id of each configured image, by its name; undefined if it does not exist now. */
  current: ReadonlyMap<string, string | undefined>;
  /** Ports of the registries of other clusters: pushes to them are not ours. */
  foreignPorts: ReadonlySet<number>;
}

/** An image that stays although it was built for the project, or is built on such an image. */
export interface Kept {
  /** Its names, or its id if it has none. */
  image: string;
  /** Continues `image … stays: `. */
  reason: string;
}

/**
 * Decides what to remove from Docker: this project's images that have no name and were replaced by
 * a newer one, and names that were left by a push that was killed. What a container or an image of
 * somebody else needs stays.
 */
export function decideDockerPrune(
  images: readonly DockerHolding[],
  { project, current, foreignPorts }: DockerNeeds,
): { removals: Removal[]; kept: Kept[] } {
  const kept: Kept[] = [];
  const removals = images.flatMap(({ id, names, labels, isOwn, isOthers, neededBy }): Removal[] => {
    const passing = names.filter((name) => isPassingName(name, id, foreignPorts));
    const { image } = labels;
    const isReplaced =
      image !== undefined && (current.has(image) ? ![undefined, id].includes(current.get(image)) : true);
    const isOurs = isOwn && !isOthers && labels.project === project;
    const isUnneeded = passing.length === names.length && isOurs && isReplaced;
    if (isUnneeded && neededBy.length === 0) return [{ id, names: passing, whole: true, reason: REPLACED }];
    if (isUnneeded) {
      kept.push({ image: id, reason: describeNeed(neededBy) });
      return []; // without a name, Docker would remove the image
    }
    return passing.length === 0 ? [] : [{ id, names: passing, whole: false, reason: 'left by an interrupted run' }];
  });
  return { removals, kept };
}

/** Says what needs an image. */
export function describeNeed(neededBy: readonly string[]): string {
  return neededBy.length === 1 ? `${neededBy[0]} needs it` : `${neededBy.join(', ')} need it`;
}

/** Whether a name is one that the harness gives for a while: during a push, or during the next build. */
export function isPassingName(name: string, id: string, foreignPorts: ReadonlySet<number>): boolean {
  if (name === holdName(id)) return true;
  const [, port, repository, tag] = /^127\.0\.0\.1:(\d+)\/([^:]+):(\w+)$/.exec(name) ?? [];
  return repository === REPOSITORY && tag === id.replace(/^\w+:/, '') && !foreignPorts.has(Number(port));
}

/** The images to remove from the registry, each with the bytes that its removal frees. */
export function decideStoredPrune(
  images: readonly StoredImage[],
  isUnwanted: (image: StoredImage) => boolean,
): (StoredImage & { bytes: number })[] {
  const kept = images.filter((image) => !isUnwanted(image));
  const keptDigests = new Set(kept.map(({ digest }) => digest));
  const needed = new Set(kept.flatMap(({ config, layers }) => [config, ...layers].map(({ digest }) => digest)));
  return images.flatMap((image) => {
    if (keptDigests.has(image.digest) || !isUnwanted(image)) return [];
    const freed = [image.config, ...image.layers].filter(({ digest }) => !needed.has(digest));
    freed.forEach(({ digest }) => needed.add(digest)); // so that a blob counts once
    return [{ ...image, bytes: freed.reduce((sum, { size }) => sum + size, 0) }];
  });
}

/** An image and its top layer, which identifies the layers below it. */
interface Layered {
  id: string;
  top: string;
}

/**
 * The bytes that the removal of each image frees, by its id: layers that neither another image nor
 * a container needs. A layer that two removed images share counts for the first.
 */
export function freedBytes(
  snapshots: ReadonlyMap<string, Snapshot>,
  removed: readonly Layered[],
  kept: readonly Layered[],
): Map<string, number> {
  const needed = new Set<string>();
  const add = (top: string): number => {
    const snapshot = snapshots.get(top);
    if (!snapshot || needed.has(top)) return 0;
    needed.add(top);
    return snapshot.bytes + add(snapshot.parent);
  };
  for (const { top } of kept) add(top);
  for (const [name, { committed }] of snapshots) if (!committed) add(name);
  return new Map(removed.map(({ id, top }) => [id, add(top)]));
}
