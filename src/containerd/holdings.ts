import type { DockerEngine } from '../docker/engine.ts';
import { exec, tryExec } from '../docker/exec.ts';
import { canonicalName } from '../docker/reference.ts';
import { LOAD_RECORD } from './load-record.ts';

/** An image in a node. */
export interface HeldImage {
  /** The configuration's digest. */
  id: string;
  /** All of them in full, those with a digest too. */
  names: readonly string[];
  /** Whether the node's runtime itself says that it must stay. */
  pinned: boolean;
}

/** What a node holds, and why it must. */
export interface NodeHoldings {
  images: readonly HeldImage[];
  /** Ids and names that containers, running or ended, were made from. */
  used: ReadonlySet<string>;
  /** What this harness loaded, see LOAD_RECORD. */
  loads: ReadonlySet<string>;
}

/** A file system that a node's runtime keeps, by its name. */
export interface Snapshot {
  parent: string;
  /** Above its parent. */
  bytes: number;
  /** Whether it is a layer of an image, and not a container's own. */
  committed: boolean;
}

/** What `crictl inspecti -o json` answers of each image. */
interface InspectedImage {
  status: { id: string; repoTags?: string[] | null; repoDigests?: string[] | null; pinned?: boolean };
  info?: { chainID?: string };
}

/** What `crictl ps -o json` answers. */
interface Containers {
  containers?:
    { imageRef?: string; imageId?: string; image?: { image?: string; userSpecifiedImage?: string } }[] | null;
}

/** What a node holds, with the topmost layer of each image. */
interface LayeredHoldings extends NodeHoldings {
  images: readonly (HeldImage & { top: string })[];
}

/** What a node holds, what of it is used, and what this harness loaded. */
export async function nodeHoldings(engine: DockerEngine, node: string): Promise<LayeredHoldings> {
  const [inspected, containers, record] = await Promise.all([
    exec(engine, node, ['sh', '-c', 'crictl inspecti -o json $(crictl images -q --no-trunc)']),
    exec(engine, node, ['crictl', 'ps', '--all', '-o', 'json']),
    tryExec(engine, node, ['cat', LOAD_RECORD]), // there is none where nothing was loaded
  ]);
  return readHoldings(inspected.stdout, containers.stdout, record.exitCode === 0 ? record.stdout : '');
}

/** What the node's three answers say. */
export function readHoldings(inspected: string, listed: string, record: string): LayeredHoldings {
  const images = (JSON.parse(inspected) as InspectedImage[])
    .map(({ status, info }) => ({
      id: status.id,
      names: [...(status.repoTags ?? []), ...(status.repoDigests ?? [])],
      pinned: status.pinned === true,
      top: info?.chainID ?? '',
    }))
    .sort((a, b) => a.id.localeCompare(b.id)); // the node lists them as they come
  const { containers } = JSON.parse(listed) as Containers;
  const used = (containers ?? []).flatMap(({ imageRef, imageId, image }) => [
    imageRef,
    imageId,
    image?.image,
    image?.userSpecifiedImage,
  ]);
  const words = used.filter((word): word is string => Boolean(word));
  return {
    images,
    used: new Set([
      ...words,
      ...words.flatMap((word) => (word.startsWith('sha256:') ? [] : (canonicalName(word) ?? []))),
    ]),
    loads: new Set(record.split('\n').filter((line) => line !== '')),
  };
}

/** The file systems that a node keeps, images' and containers', with their sizes. */
export async function nodeSnapshots(engine: DockerEngine, node: string): Promise<Map<string, Snapshot>> {
  const ask = (...argv: string[]) => exec(engine, node, ['ctr', '--namespace=k8s.io', 'snapshots', ...argv]);
  const [list, usage] = await Promise.all([ask('ls'), ask('usage', '-b')]);
  return readSnapshots(list.stdout, usage.stdout);
}

/** What the node's two answers say. */
export function readSnapshots(list: string, usage: string): Map<string, Snapshot> {
  const rows = (table: string) => table.trimEnd().split('\n').slice(1);
  const sizes = new Map(rows(usage).map((row) => /^(\S+)\s+(\d+)/.exec(row)?.slice(1) as [string, string]));
  return new Map(
    rows(list).map((row) => {
      const words = row.trim().split(/\s+/); // the parent's column is empty for the lowest
      const [name = ''] = words;
      return [
        name,
        {
          parent: words.length > 2 ? (words[1] ?? '') : '',
          bytes: Number(sizes.get(name) ?? 0),
          committed: words.at(-1) === 'Committed',
        },
      ];
    }),
  );
}
