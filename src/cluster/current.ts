import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { keep, recall } from '../machine/remembered-answer.ts';
import { readState } from '../machine/state-file.ts';
import type { ClusterNode, ClusterState } from './cluster.ts';
import { observeCluster, observeNodes, readRecord } from './nodes.ts';

/** Where the cluster's private kubeconfig stands. */
export function kubeconfigPath(config: Config): string {
  return join(config.stateDirectory, 'kubeconfig');
}

/** Where it is noted that this state directory has begun to create the cluster. */
export function creationPath(config: Config): string {
  return join(config.stateDirectory, `creating-${config.cluster.name}.json`);
}

/**
 * The cluster of these nodes, for commands that change nothing: the record of a container that was
 * read once is not read again, because nobody but the harness writes it, once, and reading it takes
 * the engine 30 ms.
 */
export async function rememberedCluster(
  engine: DockerEngine,
  config: Config,
  nodes: ClusterNode[],
): Promise<ClusterState> {
  const { name } = config.cluster;
  const path = join(config.stateDirectory, 'cluster-seen.json');
  const containerId = nodes.find((node) => node.role === 'control-plane')?.containerId;
  const known = containerId === undefined ? undefined : readRecord(recall<string>(path, containerId));
  if (known) return { name, nodes, record: known };
  const state = await observeNodes(engine, name, nodes, readState<{ begun: number }>(creationPath(config))?.begun);
  if (state.record) keep(path, containerId, JSON.stringify(state.record));
  return state;
}

/** The cluster as it is now, with what this state directory knows of it. */
export function currentCluster(engine: DockerEngine, config: Config): Promise<ClusterState> {
  const begun = readState<{ begun: number }>(creationPath(config))?.begun;
  return observeCluster(engine, config.cluster.name, begun);
}

/**
 * When each node's container was last started, milliseconds since the epoch, by the node's name.
 */
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
