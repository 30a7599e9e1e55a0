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
   * The names of the unpacked file systems: what a container can really start from, whatever is
   * listed. Undefined where they cannot be looked at.
   */
  unpacked?: ReadonlySet<string>;
}

/** What `crictl images -o json` answers; `repoTags` may be empty or null, `size` is a string. */
interface CrictlImages {
  images: { id: string; repoTags?: string[] | null; size?: string }[];
}

/**
 * A shell command that asks a node what it has. Both questions at once, because starting a second
 * program costs more than its answer: what is listed on one output, what is unpacked on the other.
 */
export const NODE_CONTENT =
  'ctr --namespace=k8s.io snapshots ls >&2 || echo failed >&2 & crictl images -o json; status=$?; wait; exit $status';

/**
 * What a node's container runtime has: the images that it lists, and the file systems that it has
 * unpacked.
 * @param onAsked called when nothing is left to do but wait for the answer
 */
export async function nodeContent(engine: DockerEngine, node: string, onAsked?: () => void): Promise<NodeContent> {
  const { stdout, stderr } = await exec(
    engine,
    node,
    ['sh', '-c', NODE_CONTENT],
    onAsked ? { onStarted: onAsked } : {},
  );
  return readNodeContent(stdout, stderr);
}

/** What the node's two answers say. */
export function readNodeContent(listed: string, snapshots: string): NodeContent {
  const { images } = JSON.parse(listed) as CrictlImages;
  if (/^failed$/m.test(snapshots) && !/snapshotter not loaded/.test(snapshots)) {
    throw new HarnessError('CLUSTER', 'A node does not say which images it has unpacked.', {
      detail: tail(snapshots),
      next: 'Try again; `harness stop` and `harness up` start its nodes anew.',
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
    // A node has unpacked images of its own. One that seems to have none keeps them with another
    // snapshotter than containerd's usual one.
    ...(unpacked.size === 0 ? {} : { unpacked }),
  };
}
