import { existsSync } from 'node:fs';
import { HarnessError } from '../core/error.ts';
import type { Session } from '../session.ts';
import type { ClusterNode } from './cluster.ts';
import { kubeconfigPath } from './current.ts';
import { ownCluster } from './ownership.ts';

/** The result of `harness status`. */
export interface ClusterStatus {
  cluster: string;
  state: 'absent' | 'stopped' | 'partly stopped' | 'running';
  nodes: Pick<ClusterNode, 'name' | 'role' | 'running'>[];
  /** Path of the private kubeconfig; null if this project has not started the cluster yet. */
  kubeconfig: string | null;
}

/** The cluster as Docker shows it. Read-only. */
export async function clusterStatus(session: Session): Promise<ClusterStatus> {
  const { nodes } = await ownCluster(session);
  const path = kubeconfigPath(session.config);
  return {
    cluster: session.config.cluster.name,
    state: stateOf(nodes),
    nodes: nodes.map(({ name, role, running }) => ({ name, role, running })),
    kubeconfig: nodes.length > 0 && existsSync(path) ? path : null,
  };
}

/**
 * The path of the cluster's private kubeconfig.
 * @throws HarnessError CLUSTER if the cluster is not running
 */
export async function runningKubeconfig(session: Session): Promise<string> {
  const { kubeconfig } = await clusterStatus(session);
  if (kubeconfig !== null) return kubeconfig;
  throw new HarnessError('CLUSTER', `The cluster ${session.config.cluster.name} is not running.`, {
    next: 'Run `harness up` first.',
  });
}

function stateOf(nodes: readonly ClusterNode[]): ClusterStatus['state'] {
  if (nodes.length === 0) return 'absent';
  const running = nodes.filter((node) => node.running).length;
  if (running === nodes.length) return 'running';
  return running === 0 ? 'stopped' : 'partly stopped';
}
