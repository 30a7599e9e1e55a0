import { setTimeout as sleep } from 'node:timers/promises';
import { HarnessError } from '../core/error.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { exec } from '../docker/exec.ts';
import { isUnpacked } from './chain-ids.ts';
import { nodeContent, type NodeContent, type NodeImage } from './content.ts';
import { NOTE_LOAD } from './load-record.ts';

/**
 * Milliseconds within which a node's runtime lists what was changed below it: it hears of that by
 * an event.
 */
const LISTED_WITHIN = 5000;

/** What a node must have after a load. */
export interface LoadedImage {
  node: string;
  /** As the node shall know it, in full. */
  name: string;
  /** The configuration's digest; undefined when only the transfer tells. */
  digest: string | undefined;
  /** Digests of its layers' contents, lowest first. */
  layers: readonly string[];
}

/**
 * Sees whether a node has the image now: only what it lists and could start counts as loaded.
 * @param said what the node has already said that it has, after the load
 * @returns the node's own entry
 * @throws HarnessError LOAD
 */
export async function confirmLoaded(engine: DockerEngine, image: LoadedImage, said?: NodeContent): Promise<NodeImage> {
  let content = said ?? (await nodeContent(engine, image.node));
  for (
    const end = Date.now() + LISTED_WITHIN;
    ;
    content = await sleep(50).then(() => nodeContent(engine, image.node))
  ) {
    const entry = content.images.find(({ names }) => names.includes(image.name));
    const lacks = whatLacks(image, entry, content);
    if (entry && lacks === undefined) return entry;
    if (Date.now() < end) continue;
    throw new HarnessError('LOAD', `After its load, ${image.node} ${lacks}.`, {
      next: 'Try again; if it stays so, `harness down` and `harness up` make a new cluster.',
    });
  }
}

function whatLacks(
  { name, digest, layers }: LoadedImage,
  entry: NodeImage | undefined,
  content: NodeContent,
): string | undefined {
  if (!entry) return `does not list ${name}`;
  if (digest !== undefined && entry.id !== digest) return `has ${name} as ${entry.id}, not as ${digest}`;
  return isUnpacked(layers, content) ? undefined : `lists ${name}, but has not unpacked it`;
}

/**
 * Takes away what a load that failed has left in a node: an image that is listed and that no
 * container could start from.
 */
export async function dropBroken(engine: DockerEngine, image: LoadedImage): Promise<void> {
  const content = await nodeContent(engine, image.node);
  const entry = content.images.find(({ id, names }) => id === image.digest && names.includes(image.name));
  if (entry && !isUnpacked(image.layers, content)) await exec(engine, image.node, ['crictl', 'rmi', entry.id]);
}

/** Gives an image that the node has one more name, and notes that as a load. */
export async function tagInNode(
  engine: DockerEngine,
  node: string,
  from: string,
  { id, name }: { id: string; name: string },
): Promise<void> {
  const script = `ctr --namespace=k8s.io images tag --force "$3" "$2" && { ${NOTE_LOAD}; }`;
  await exec(engine, node, ['sh', '-c', script, 'sh', id, name, from]);
}

/** Notes in a node what was loaded into it. */
export async function noteLoad(
  engine: DockerEngine,
  node: string,
  { id, name }: { id: string; name: string },
): Promise<void> {
  await exec(engine, node, ['sh', '-c', NOTE_LOAD, 'sh', id, name]);
}
