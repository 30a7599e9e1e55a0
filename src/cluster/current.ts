import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { ownerOf } from '../config/owner.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { keep, recall } from '../machine/remembered-answer.ts';
import type { ClusterNode, ClusterState } from './cluster.ts';
import { observeCluster, observeNodes, readRecord } from './nodes.ts';

/** The path of the cluster's private kubeconfig. */
export function kubeconfigPath(config: Config): string {
  return join(config.stateDirectory, 'kubeconfig');
}

/**
 * The cluster of these nodes, for read-only commands. A container's record is read only once,
 * because only the harness writes it, once, and reading it takes the engine 30 ms.
 */
export async function rememberedCluster(
  engine: DockerEngine,
  config: Config,
  nodes: ClusterNode[],
): Promise<ClusterState> {
  const { name } = config.cluster;
  const path = join(config.stateDirectory, 'cluster-seen.json');
  const containerId = nodes.find((node) => node.role === 'control-plane')?.containerId;
  const record = containerId === undefined ? undefined : readRecord(recall<string>(path, containerId));
  if (record) return { name, nodes, record };
  const state = await observeNodes(engine, name, nodes, await ownerOf(config));
  if (state.record) keep(path, containerId, JSON.stringify(state.record));
  return state;
}

/** The cluster as it is now. */
export async function currentCluster(engine: DockerEngine, config: Config): Promise<ClusterState> {
  return observeCluster(engine, config.cluster.name, await ownerOf(config));
}

/** When each node's container was last started, milliseconds since the epoch, by node name. */
export async function nodeStarts(engine: DockerEngine, nodes: ClusterNode[]): Promise<Record<string, number>> {
  const kubernetesNodes = nodes.filter((node) => node.role !== 'external-load-balancer');
  const starts = kubernetesNodes.map(async (node) => {
    const container = await engine.json<{ State: { StartedAt: string } }>(
      'GET',
      `/containers/${node.containerId}/json`,
    );
    return [node.name, new Date(container?.State.StartedAt ?? Date.now()).getTime()] as const;
  });
  return Object.fromEntries(await Promise.all(starts));
}
