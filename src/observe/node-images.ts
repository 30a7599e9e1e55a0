import { exec } from '../drivers/container-exec.ts';
import type { DockerEngine } from '../drivers/docker.ts';
import type { NodeImage } from '../model/image.ts';

/** What `crictl images -o json` answers; `repoTags` may be empty or null, `size` is a string. */
interface CrictlImages {
  images: { id: string; repoTags?: string[] | null; size?: string }[];
}

/** The images that a node's container runtime has. */
export async function nodeImages(engine: DockerEngine, node: string): Promise<NodeImage[]> {
  const answer = JSON.parse(await exec(engine, node, ['crictl', 'images', '-o', 'json'])) as CrictlImages;
  return (answer.images ?? []).map((image) => ({ id: image.id, names: image.repoTags ?? [], size: Number(image.size ?? 0) }));
}
