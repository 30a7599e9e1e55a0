import { HarnessError } from '../core/error.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { exec } from '../docker/exec.ts';
import { tail } from '../machine/process.ts';

/** An image as the container runtime of a node lists it. */
export interface NodeImage {
  /** The configuration's digest. */
  id: string;
  /** Full names, such as `docker.io/library/app:latest`. */
  names: string[];
  /** Bytes. */
  size: number;
}

/** What a node's container runtime has. */
export interface NodeContent {
  images: readonly NodeImage[];
  /**
   * The chain ids of the unpacked file systems: what containers can start from, whatever is listed.
   * Undefined if they cannot be read.
   */
  unpacked?: ReadonlySet<string> | undefined;
}

/** What `crictl images -o json` answers; `repoTags` may be empty or null, `size` is a string. */
interface CrictlImages {
  images: { id: string; repoTags?: string[] | null; size?: string }[];
}

/**
 * A shell command that prints what a node has: the listed images on stdout, the unpacked file
 * systems on stderr. One command for both, because starting a second program in a node takes longer
 * than its answer.
 */
export const NODE_CONTENT =
  'ctr --namespace=k8s.io snapshots ls >&2 || echo failed >&2 & crictl images -o json; status=$?; wait; exit $status';

/**
 * Reads what a node's container runtime has: the images it lists and the file systems it has
 * unpacked.
 * @param onAsked called once the request is sent, before the answer arrives
 */
export async function nodeContent(engine: DockerEngine, node: string, onAsked?: () => void): Promise<NodeContent> {
  const { stdout, stderr } = await exec(engine, node, ['sh', '-c', NODE_CONTENT], { onStarted: onAsked });
  return readNodeContent(stdout, stderr);
}

/** Parses the two outputs of `NODE_CONTENT`. */
export function readNodeContent(listed: string, snapshots: string): NodeContent {
  const { images } = JSON.parse(listed) as CrictlImages;
  if (/^failed$/m.test(snapshots) && !/snapshotter not loaded/.test(snapshots)) {
    throw new HarnessError('CLUSTER', 'Could not list the unpacked images of a node.', {
      detail: tail(snapshots),
      next: 'Try again. If it fails again, restart the nodes with `harness stop` and `harness up`.',
    });
  }
  const unpacked = new Set(
    snapshots.split('\n').flatMap((line) => /^(sha256:\w+) .*Committed\s*$/.exec(line)?.[1] ?? []),
  );
  return {
    images: (images ?? []).map((image) => ({
      id: image.id,
      names: image.repoTags ?? [],
      size: Number(image.size ?? 0),
    })),
    // Every node has unpacked images of its own. A node that seems to have none uses another
    // snapshotter than containerd's default.
    unpacked: unpacked.size === 0 ? undefined : unpacked,
  };
}
