import type { NodeHoldings, Snapshot } from '../containerd/holdings.ts';
import { loadLine } from '../containerd/load-record.ts';
import type { StoredImage } from '../registry/client.ts';
import { NODE_HOST, REPOSITORY } from '../registry/registry.ts';

/**
 * What must go of an image in a node: some of its names, or, where that leaves it none, all of it.
 */
export interface NodeRemoval {
  id: string;
  names: readonly string[];
  whole: boolean;
  reason: string;
}

/**
 * The names under which images pass from the registry into nodes; they stay only where the node
 * died meanwhile.
 */
const PASSING = `${NODE_HOST}/${REPOSITORY}@`;

/**
 * What a node holds of this harness's and nobody needs. Only what it is known to have loaded is
 * removed, id and name, and nothing that a container was made from.
 * @param wanted names that stay; undefined to leave all names alone, so that only images without
 * one go
 */
export function decideNodePrune(
  { images, used, loads }: NodeHoldings,
  wanted: ReadonlySet<string> | undefined,
): NodeRemoval[] {
  const loadedIds = new Set([...loads].map((line) => line.slice(0, line.indexOf(' '))));
  return images.flatMap(({ id, names, pinned }): NodeRemoval[] => {
    if (pinned) return [];
    const isPassing = (name: string) => name.startsWith(PASSING);
    const isSpare = (name: string) => wanted?.has(name) === false && loads.has(loadLine(id, name)) && !used.has(name);
    const going = names.filter((name) => isPassing(name) || isSpare(name));
    if (going.length < names.length)
      return going.length === 0 ? [] : [{ id, names: going, whole: false, reason: NOT_CONFIGURED }];
    if (used.has(id) || !(loadedIds.has(id) || names.some(isPassing))) return [];
    return [{ id, names: going, whole: true, reason: going.some(isSpare) ? NOT_CONFIGURED : REPLACED }];
  });
}

const REPLACED = 'a later one has its name';
const NOT_CONFIGURED = 'nothing that is configured has that name';

/** An image in Docker. */
export interface DockerHolding {
  id: string;
  names: readonly string[];
  labels: { project: string | undefined; image: string | undefined };
}

/** What Docker must keep. */
export interface DockerNeeds {
  project: string;
  /** The engine's id of each configured image, by its name; undefined where there is none now. */
  current: ReadonlyMap<string, string | undefined>;
  /** Ids that containers, running or ended, were made from. */
  used: ReadonlySet<string>;
  /** Ports of the registries of other clusters: what is pushed there is none of ours. */
  foreignPorts: ReadonlySet<number>;
}

/**
 * What must go of an image in Docker: the names that it had on a way to a registry, and all of it
 * where it was replaced.
 */
export interface DockerRemoval {
  id: string;
  names: readonly string[];
  whole: boolean;
  reason: string;
}

/**
 * What Docker holds of this project's and nobody needs: images without a name in whose place there
 * is a later one, and names that a push left when it was killed.
 */
export function decideDockerPrune(
  images: readonly DockerHolding[],
  { project, current, used, foreignPorts }: DockerNeeds,
): DockerRemoval[] {
  return images.flatMap(({ id, names, labels }): DockerRemoval[] => {
    const passing = names.filter((name) => isLeftover(name, id, foreignPorts));
    const { image } = labels;
    const replaced = image !== undefined && (current.has(image) ? ![undefined, id].includes(current.get(image)) : true);
    const whole = passing.length === names.length && labels.project === project && replaced && !used.has(id);
    if (whole) return [{ id, names: passing, whole, reason: REPLACED }];
    return passing.length === 0 ? [] : [{ id, names: passing, whole, reason: 'a load was killed' }];
  });
}

/**
 * Whether an image has this name only from a push of ours: nobody else names an image by its own
 * id.
 */
function isLeftover(name: string, id: string, foreignPorts: ReadonlySet<number>): boolean {
  const [, port, repository, tag] = /^127\.0\.0\.1:(\d+)\/([^:]+):(\w+)$/.exec(name) ?? [];
  return repository === REPOSITORY && tag === id.replace(/^\w+:/, '') && !foreignPorts.has(Number(port));
}

/** The images in the registry that must go, with what that frees: what only they need. */
export function decideStoredPrune(
  images: readonly StoredImage[],
  isUnwanted: (image: StoredImage) => boolean,
): (StoredImage & { bytes: number })[] {
  const staying = images.filter((image) => !isUnwanted(image));
  const digests = new Set(staying.map(({ digest }) => digest));
  const needed = new Set(staying.flatMap(({ config, layers }) => [config, ...layers].map(({ digest }) => digest)));
  return images.flatMap((image) => {
    if (digests.has(image.digest) || !isUnwanted(image)) return [];
    const freed = [image.config, ...image.layers].filter(({ digest }) => !needed.has(digest));
    freed.forEach(({ digest }) => needed.add(digest)); // counted once
    return [{ ...image, bytes: freed.reduce((sum, { size }) => sum + size, 0) }];
  });
}

/** An image with the topmost of its layers, which stands for all below it. */
interface Layered {
  id: string;
  top: string;
}

/**
 * What the removal of each image frees, bytes by its id: the layers that no image that stays, and
 * no container, needs. A layer that two of them share counts for the first.
 */
export function freedBytes(
  snapshots: ReadonlyMap<string, Snapshot>,
  going: readonly Layered[],
  staying: readonly Layered[],
): Map<string, number> {
  const needed = new Set<string>();
  const add = (top: string): number => {
    const snapshot = snapshots.get(top);
    if (!snapshot || needed.has(top)) return 0;
    needed.add(top);
    return snapshot.bytes + add(snapshot.parent);
  };
  for (const { top } of staying) add(top);
  for (const [name, { committed }] of snapshots) if (!committed) add(name);
  return new Map(going.map(({ id, top }) => [id, add(top)]));
}
