import { join } from 'node:path';
import type { DockerEngine } from '../docker/engine.ts';
import { stampContainerFile } from '../docker/files.ts';
import { RACY_MS } from '../machine/fs-clock.ts';
import { keep, recall } from '../machine/remembered-answer.ts';
import { nodeContent, type NodeContent, type NodeImage } from './content.ts';

/**
 * Where containerd keeps all that it answers from: names, images, snapshots. Any change of those is
 * written here.
 */
const METADATA = '/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db';

interface Memory {
  images: readonly NodeImage[];
  unpacked: string[];
}

/**
 * What a node's container runtime has, as `nodeContent`: asked only when the runtime's own records
 * have changed since it answered last, because two programs in a node cost more than all the rest
 * of a check.
 * @param onAsked called when nothing is left to do but wait for the answer
 */
export async function currentContent(
  engine: DockerEngine,
  stateDirectory: string,
  { name, containerId }: { name: string; containerId: string },
  onAsked?: () => void,
): Promise<NodeContent> {
  const path = join(stateDirectory, 'nodes', `${name}.json`);
  const stamp = await stampContainerFile(engine, containerId, METADATA);
  const question = stamp && [containerId, stamp.text];
  const known = question && recall<Memory>(path, question);
  if (known) return { images: known.images, unpacked: new Set(known.unpacked) };
  const content = await nodeContent(engine, name, onAsked);
  // What has just been changed may change again within the same tick, and the runtime hears of
  // changes below it a moment later.
  if (stamp && stamp.age > RACY_MS && content.unpacked) {
    keep(path, question, { images: content.images, unpacked: [...content.unpacked] } satisfies Memory);
  }
  return content;
}
