import type { DockerEngine } from '../docker/engine.ts';
import { exec } from '../docker/exec.ts';

/** What `crictl images -o json` answers; `repoDigests` may be empty or null. */
interface CrictlImages {
  images: { id: string; repoDigests?: string[] | null }[];
}

/**
 * The names with a digest that a node has, such as `docker.io/shop/api@sha256:…`, and the
 * configuration's digest of each. A pod reports such a name as its `imageID` if its image has one.
 */
export async function digestNames(engine: DockerEngine, node: string): Promise<Map<string, string>> {
  const { stdout } = await exec(engine, node, ['crictl', 'images', '-o', 'json']);
  return readDigestNames(stdout);
}

/** Parses the answer of crictl. */
export function readDigestNames(listed: string): Map<string, string> {
  const { images } = JSON.parse(listed) as CrictlImages;
  return new Map(images.flatMap(({ id, repoDigests }) => (repoDigests ?? []).map((name) => [name, id] as const)));
}
