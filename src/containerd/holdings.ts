import type { DockerEngine } from '../docker/engine.ts';
import { exec, tryExec } from '../docker/exec.ts';
import { canonicalName } from '../docker/reference.ts';
import { LOAD_RECORD } from './load-record.ts';

/** An image in a node. */
export interface HeldImage {
  /** The configuration's digest. */
  id: string;
  /** All its full names, including those with a digest. */
  names: readonly string[];
  /** Whether the node's runtime protects it from removal. */
  pinned: boolean;
}

/** The images in a node, and what decides which of them can be removed. */
export interface NodeHoldings {
  images: readonly HeldImage[];
  /** Ids and names of the images of all containers, running or stopped. */
  used: ReadonlySet<string>;
  /** What this harness loaded: the lines of `LOAD_RECORD`. */
  loads: ReadonlySet<string>;
}

/** A file system in a node's runtime. */
export interface Snapshot {
  /** The name of the snapshot below it; empty for the lowest. */
  parent: string;
  /** What it adds to its parent. */
  bytes: number;
  /** True for a layer of an image, false for a container's own file system. */
  committed: boolean;
}

/** What `crictl inspecti -o json` prints for each image. */
interface InspectedImage {
  status: { id: string; repoTags?: string[] | null; repoDigests?: string[] | null; pinned?: boolean };
  info?: { chainID?: string };
}

/** What `crictl ps -o json` prints. */
interface Containers {
  containers?:
    { imageRef?: string; imageId?: string; image?: { image?: string; userSpecifiedImage?: string } }[] | null;
}

/** The same with the chain id of each image's top layer. */
interface LayeredHoldings extends NodeHoldings {
  images: readonly (HeldImage & { top: string })[];
}

/** Reads the images of a node, which of them are in use, and which this harness loaded. */
export async function nodeHoldings(engine: DockerEngine, node: string): Promise<LayeredHoldings> {
  const [inspected, containers, record] = await Promise.all([
    exec(engine, node, ['sh', '-c', 'crictl inspecti -o json $(crictl images -q --no-trunc)']),
    exec(engine, node, ['crictl', 'ps', '--all', '-o', 'json']),
    tryExec(engine, node, ['cat', LOAD_RECORD]), // fails if nothing was ever loaded
  ]);
  return readHoldings(inspected.stdout, containers.stdout, record.exitCode === 0 ? record.stdout : '');
}

/** Parses the node's three answers. */
export function readHoldings(inspected: string, listed: string, record: string): LayeredHoldings {
  const images = (JSON.parse(inspected) as InspectedImage[])
    .map(({ status, info }) => ({
      id: status.id,
      names: [...(status.repoTags ?? []), ...(status.repoDigests ?? [])],
      pinned: status.pinned === true,
      top: info?.chainID ?? '',
    }))
    .sort((a, b) => a.id.localeCompare(b.id)); // the node's order is random
  const { containers } = JSON.parse(listed) as Containers;
  const references = (containers ?? [])
    .flatMap(({ imageRef, imageId, image }) => [imageRef, imageId, image?.image, image?.userSpecifiedImage])
    .filter((reference): reference is string => Boolean(reference));
  const fullNames = references.flatMap((reference) =>
    reference.startsWith('sha256:') ? [] : (canonicalName(reference) ?? []),
  );
  return {
    images,
    used: new Set([...references, ...fullNames]),
    loads: new Set(record.split('\n').filter((line) => line !== '')),
  };
}

/** Reads the file systems of a node's images and containers, with their sizes, by name. */
export async function nodeSnapshots(engine: DockerEngine, node: string): Promise<Map<string, Snapshot>> {
  const ask = (...argv: string[]) => exec(engine, node, ['ctr', '--namespace=k8s.io', 'snapshots', ...argv]);
  const [list, usage] = await Promise.all([ask('ls'), ask('usage', '-b')]);
  return readSnapshots(list.stdout, usage.stdout);
}

/** Parses the node's two answers. */
export function readSnapshots(list: string, usage: string): Map<string, Snapshot> {
  const rows = (table: string) => table.trimEnd().split('\n').slice(1);
  const sizes = new Map(rows(usage).map((row) => /^(\S+)\s+(\d+)/.exec(row)?.slice(1) as [string, string]));
  return new Map(
    rows(list).map((row) => {
      const cells = row.trim().split(/\s+/); // the parent's cell is empty for the lowest snapshot
      const [name = ''] = cells;
      return [
        name,
        {
          parent: cells.length > 2 ? (cells[1] ?? '') : '',
          bytes: Number(sizes.get(name) ?? 0),
          committed: cells.at(-1) === 'Committed',
        },
      ];
    }),
  );
}
