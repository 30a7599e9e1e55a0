import { readOwner, type Owner } from '../config/judge-owner.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { readContainerFile } from '../docker/files.ts';
import type { ClusterNode, ClusterRecord, ClusterState } from './cluster.ts';
import { areMarked, creationMark } from './creation-mark.ts';

/**
 * The path of the harness's record in the control plane. It is not on a volume, so that it is
 * deleted with the container.
 */
export const RECORD_PATH = '/kind/kind-harness.json';

interface ListedContainer {
  Id: string;
  Names: string[];
  Labels: Record<string, string>;
  State: string;
  Created: number;
  ImageID: string;
}

/**
 * The nodes of a kind cluster, found by the labels that kind puts on its containers, control planes
 * first.
 * @param onAsked called once the request has been sent
 */
export async function clusterNodes(
  engine: DockerEngine,
  cluster: string,
  onAsked?: () => void,
): Promise<ClusterNode[]> {
  const more = onAsked ? { onSent: onAsked } : {};
  const containers = await engine.containersWith<ListedContainer>([`io.x-k8s.kind.cluster=${cluster}`], more);
  return containers
    .map((container) => ({
      name: (container.Names[0] ?? container.Id).replace(/^\//, ''),
      containerId: container.Id,
      role: (container.Labels['io.x-k8s.kind.role'] ?? 'worker') as ClusterNode['role'],
      running: container.State === 'running',
      created: container.Created * 1000,
      image: container.ImageID,
    }))
    .sort((a, b) => a.role.localeCompare(b.role) || a.name.localeCompare(b.name));
}

/** The cluster as Docker shows it, with the harness's record if there is one. */
export async function observeCluster(engine: DockerEngine, cluster: string, owner: Owner): Promise<ClusterState> {
  return observeNodes(engine, cluster, await clusterNodes(engine, cluster), owner);
}

/** Like `observeCluster`, for nodes that are known already. */
export async function observeNodes(
  engine: DockerEngine,
  cluster: string,
  nodes: ClusterNode[],
  owner: Owner,
): Promise<ClusterState> {
  const controlPlane = nodes.find((node) => node.role === 'control-plane');
  const record = controlPlane && readRecord(await readContainerFile(engine, controlPlane.containerId, RECORD_PATH));
  if (record || nodes.length === 0) return { name: cluster, nodes, record };
  return { name: cluster, nodes, isMarked: await areMarked(engine, nodes, creationMark(cluster, owner)) };
}

/** Parses the harness's record; undefined when it is invalid or has another format. */
export function readRecord(text: string | undefined): ClusterRecord | undefined {
  if (text === undefined) return undefined;
  try {
    const record = JSON.parse(text) as Partial<ClusterRecord>;
    return record.format === 1 && typeof record.project === 'string' && typeof record.definition === 'string'
      ? { ...(record as ClusterRecord), owner: readOwner(record.owner) }
      : undefined;
  } catch {
    return undefined; // incomplete, because its writing was interrupted: treat it as missing
  }
}

/** The nodes that run pods and so need images. */
export function loadTargets(nodes: readonly ClusterNode[]): ClusterNode[] {
  return nodes.filter((node) => node.role !== 'external-load-balancer');
}
