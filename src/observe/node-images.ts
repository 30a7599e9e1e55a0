import { exec } from '../drivers/container-exec.ts';
import type { DockerEngine } from '../drivers/docker.ts';
import type { NodeContent } from '../model/image.ts';

/** What `crictl images -o json` answers; `repoTags` may be empty or null, `size` is a string. */
interface CrictlImages {
  images: { id: string; repoTags?: string[] | null; size?: string }[];
}

const SEPARATOR = '--- snapshots ---';

/** Both questions in one program: starting a second one costs more than its answer. */
const SCRIPT = `crictl images -o json || exit; echo '${SEPARATOR}'; ctr --namespace=k8s.io snapshots ls 2>&1; true`;

/** What a node's container runtime has: the images that it lists, and the file systems that it has unpacked. */
export async function nodeContent(engine: DockerEngine, node: string): Promise<NodeContent> {
  return readNodeContent(await exec(engine, node, ['sh', '-c', SCRIPT]));
}

/** What the node's answer says. */
export function readNodeContent(output: string): NodeContent {
  const [json = '', snapshots = ''] = output.split(`${SEPARATOR}\n`);
  const { images } = JSON.parse(json) as CrictlImages;
  const unpacked = new Set(snapshots.split('\n').flatMap((line) => /^(sha256:\w+) .*Committed\s*$/.exec(line)?.[1] ?? []));
  return {
    images: (images ?? []).map((image) => ({ id: image.id, names: image.repoTags ?? [], size: Number(image.size ?? 0) })),
    // A node has unpacked images of its own. One that seems to have none keeps them with another snapshotter than containerd's usual one.
    ...(unpacked.size === 0 ? {} : { unpacked }),
  };
}
