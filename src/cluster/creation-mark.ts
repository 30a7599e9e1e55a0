import { ownerKey, type Owner } from '../config/judge-owner.ts';
import { sha256 } from '../core/digest.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { inspectContainer } from '../docker/inspect.ts';
import type { ClusterNode } from './cluster.ts';

/** The names that images bear while a cluster is created from them. */
const REPOSITORY = 'kind-harness/node-of';

/**
 * The mark on the nodes of a cluster from their first moment: the name of the image that each was
 * created from begins with it. Docker keeps that name with the container, kind passes it on
 * unchanged, and only this owner's creation of this cluster uses it. So a creation that was
 * interrupted is recognised without a note in a file and without a clock.
 */
export function creationMark(cluster: string, owner: Owner): string {
  return `${REPOSITORY}:${sha256(`${cluster}\n${ownerKey(owner)}`).slice(0, 40)}-`;
}

/** Whether all nodes bear the mark. kind chooses the image of a load balancer itself. */
export async function areMarked(engine: DockerEngine, nodes: readonly ClusterNode[], mark: string): Promise<boolean> {
  const marked = nodes
    .filter((node) => node.role !== 'external-load-balancer')
    .map(async ({ containerId }) => (await inspectContainer(engine, containerId))?.Config.Image?.startsWith(mark));
  return marked.length > 0 && (await Promise.all(marked)).every(Boolean);
}

/**
 * Gives each image a name with the mark, for the time of a creation.
 * @param images of the nodes, in their order
 * @returns the marked names, in the same order
 */
export async function markImages(engine: DockerEngine, images: readonly string[], mark: string): Promise<string[]> {
  const distinct = [...new Set(images)];
  const named = distinct.map(async (image, index) => {
    await engine.tag(image, `${mark}${index}`);
    return [image, `${mark}${index}`] as const;
  });
  const names = new Map(await Promise.all(named));
  return images.map((image) => names.get(image) ?? image);
}

/** Takes the names with the mark away again, also those that a killed creation left. */
export async function unmarkImages(engine: DockerEngine, mark: string): Promise<void> {
  const filters = encodeURIComponent(JSON.stringify({ reference: [`${mark}*`] }));
  const images = await engine.json<{ RepoTags?: string[] | null }[]>('GET', `/images/json?filters=${filters}`);
  for (const name of (images ?? []).flatMap(({ RepoTags }) => RepoTags ?? [])) {
    if (name.startsWith(mark)) await engine.ask('DELETE', `/images/${encodeURIComponent(name)}?noprune=1`);
  }
}
