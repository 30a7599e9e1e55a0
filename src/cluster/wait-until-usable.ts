import type { KubeAccess } from '../kubernetes/api.ts';
import { watchUntil } from '../kubernetes/watch.ts';
import { clusterLacks } from './judge-health.ts';

/**
 * Waits until the cluster can be used: nodes are ready, CoreDNS is available and the default
 * service account exists, and all of this since the last start.
 * @param startedAt when each node's container was last started, milliseconds since the epoch, by
 * node name
 * @throws WatchTimeout with what is still missing
 */
export async function waitForCluster(
  kube: KubeAccess,
  startedAt: Readonly<Record<string, number>>,
  options: { timeout: number; signal?: AbortSignal | undefined; onPending?: (detail: string) => void },
): Promise<void> {
  const paths = {
    nodes: '/api/v1/nodes',
    leases: '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases',
    deployments: '/apis/apps/v1/namespaces/kube-system/deployments',
    pods: '/api/v1/namespaces/kube-system/pods',
    serviceAccounts: '/api/v1/namespaces/default/serviceaccounts',
  };
  await watchUntil(kube, { ...options, paths }, (seen) => {
    const lacks = clusterLacks({
      nodes: seen.nodes,
      leases: seen.leases,
      deployments: seen.deployments,
      pods: seen.pods,
      serviceAccounts: seen.serviceAccounts,
      startedAt,
    });
    return lacks === undefined ? { state: 'done', value: undefined } : { state: 'pending', detail: lacks };
  });
}
