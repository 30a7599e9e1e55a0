import { join } from 'node:path';
import type { DockerEngine } from '../docker/engine.ts';
import { stampContainerFile } from '../docker/files.ts';
import { RACY_MS } from '../machine/fs-clock.ts';
import { keep, recall } from '../machine/remembered-answer.ts';
import { nodeContent, type NodeContent, type NodeImage } from './content.ts';

/**
 * The database in which containerd keeps names, images and snapshots. Every change of these changes
 * the file.
 */
const METADATA = '/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db';

interface Memory {
  images: readonly NodeImage[];
  unpacked: string[];
}

/**
 * Like `nodeContent`, but asks the node only if containerd's database has changed since the last
 * answer: starting two programs in a node takes longer than the rest of a check.
 * @param onAsked called once the request is sent, before the answer arrives
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
  // A file that has just changed may change again without a new time stamp, and the runtime lists
  // changes a moment after they are written.
  if (stamp && stamp.age > RACY_MS && content.unpacked) {
    keep(path, question, { images: content.images, unpacked: [...content.unpacked] } satisfies Memory);
  }
  return content;
}
