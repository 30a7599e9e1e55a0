import { setTimeout as sleep } from 'node:timers/promises';
import { HarnessError } from '../core/error.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { exec } from '../docker/exec.ts';
import { isUnpacked } from './chain-ids.ts';
import { nodeContent, type NodeContent, type NodeImage } from './content.ts';
import { NOTE_LOAD } from './load-record.ts';

/**
 * Milliseconds to wait until the node's runtime lists an image that was added with `ctr`: it learns
 * of the image through an event.
 */
const LISTED_WITHIN = 5000;

/** What a node must have after a load. */
export interface LoadedImage {
  node: string;
  /** The full name that the node must list it by. */
  name: string;
  /** The configuration's digest; undefined until a transfer finds it out. */
  digest: string | undefined;
  /** Digests of its layers' contents, lowest first. */
  layers: readonly string[];
}

/**
 * Checks that a node has an image: it must list the image under the right name and digest, and have
 * unpacked it.
 * @param known what the node had after the load, if it was already read
 * @returns the node's own entry for the image
 * @throws HarnessError LOAD
 */
export async function confirmLoaded(engine: DockerEngine, image: LoadedImage, known?: NodeContent): Promise<NodeImage> {
  const deadline = Date.now() + LISTED_WITHIN;
  for (let content = known; ; content = undefined) {
    content ??= await nodeContent(engine, image.node);
    const entry = content.images.find(({ names }) => names.includes(image.name));
    const problem = loadProblem(image, entry, content);
    if (entry && problem === undefined) return entry;
    if (Date.now() >= deadline) {
      throw new HarnessError('LOAD', `${image.name} was loaded into ${image.node} but ${problem}.`, {
        next: 'Try again. If it fails again, recreate the cluster with `harness down` and `harness up`.',
      });
    }
    await sleep(50);
  }
}

function loadProblem(
  { digest, layers }: LoadedImage,
  entry: NodeImage | undefined,
  content: NodeContent,
): string | undefined {
  if (!entry) return 'is not listed there';
  if (digest !== undefined && entry.id !== digest) return `has the id ${entry.id} there instead of ${digest}`;
  return isUnpacked(layers, content) ? undefined : 'is not unpacked there';
}

/** Removes what a failed load has left in a node: an image that is listed but not unpacked. */
export async function dropBroken(engine: DockerEngine, image: LoadedImage): Promise<void> {
  const content = await nodeContent(engine, image.node);
  const entry = content.images.find(({ id, names }) => id === image.digest && names.includes(image.name));
  if (entry && !isUnpacked(image.layers, content)) await exec(engine, image.node, ['crictl', 'rmi', entry.id]);
}

/** Gives an image in a node another name, and records that as a load. */
export async function tagInNode(
  engine: DockerEngine,
  node: string,
  from: string,
  { id, name }: { id: string; name: string },
): Promise<void> {
  const script = `ctr --namespace=k8s.io images tag --force "$3" "$2" && { ${NOTE_LOAD}; }`;
  await exec(engine, node, ['sh', '-c', script, 'sh', id, name, from]);
}

/** Records in a node that an image was loaded into it. */
export async function noteLoad(
  engine: DockerEngine,
  node: string,
  { id, name }: { id: string; name: string },
): Promise<void> {
  await exec(engine, node, ['sh', '-c', NOTE_LOAD, 'sh', id, name]);
}
