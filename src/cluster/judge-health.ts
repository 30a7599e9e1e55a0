import type { V1Deployment, V1Lease, V1Node, V1Pod, V1ServiceAccount } from '@kubernetes/client-node';

/** What decides whether a cluster can be used. */
export interface ClusterHealthFacts {
  nodes: V1Node[];
  /** Of the namespace kube-node-lease; each kubelet renews its own lease. */
  leases: V1Lease[];
  /** Of the namespace kube-system. */
  deployments: V1Deployment[];
  /** Of the namespace kube-system. */
  pods: V1Pod[];
  /** Of the namespace default. */
  serviceAccounts: V1ServiceAccount[];
  /** When each node's container was last started, milliseconds since the epoch, by node name. */
  startedAt: Readonly<Record<string, number>>;
}

/**
 * Describes what a cluster still lacks before it can be used; undefined when it is ready.
 * `kind create --wait` returns earlier: it waits only for the control plane's node, and pods cannot
 * resolve names before CoreDNS runs. After a restart the API server still serves the old state, so
 * anything older than its node's start counts as missing.
 */
export function clusterLacks(facts: ClusterHealthFacts): string | undefined {
  const names = Object.keys(facts.startedAt);
  const ready = names.filter((name) => isNodeReady(facts, name));
  if (ready.length < names.length) return `${ready.length} of ${names.length} nodes ready`;
  const oldPod = facts.pods.find((pod) => isFromBefore(pod, facts.startedAt));
  if (oldPod) return `pod ${oldPod.metadata?.name} has not been restarted`;
  const dns = facts.deployments.find((deployment) => deployment.metadata?.name === 'coredns');
  if (!dns) return 'CoreDNS is not deployed';
  if (!dns.status?.conditions?.some(isTrue('Available'))) return 'CoreDNS is not available';
  if (
    !facts.pods.some(
      (pod) => pod.metadata?.labels?.['k8s-app'] === 'kube-dns' && pod.status?.conditions?.some(isTrue('Ready')),
    )
  ) {
    return 'no CoreDNS pod is ready';
  }
  if (!facts.serviceAccounts.some((account) => account.metadata?.name === 'default'))
    return 'the default service account does not exist';
  return undefined;
}

function isNodeReady(facts: ClusterHealthFacts, name: string): boolean {
  const node = facts.nodes.find((candidate) => candidate.metadata?.name === name);
  const renewTime = facts.leases.find((lease) => lease.metadata?.name === name)?.spec?.renewTime;
  if (!node || renewTime === undefined) return false;
  return (
    milliseconds(renewTime) >= (facts.startedAt[name] ?? 0) && (node.status?.conditions?.some(isTrue('Ready')) ?? false)
  );
}

/**
 * Whether a pod's state is older than the last start of its node. Its containers cannot have
 * survived the restart.
 */
export function isFromBefore(pod: V1Pod, startedAt: Readonly<Record<string, number>>): boolean {
  const nodeStart = startedAt[pod.spec?.nodeName ?? ''];
  if (nodeStart === undefined) return false;
  return (pod.status?.containerStatuses ?? []).some((status) => {
    const containerStart = status.state?.running?.startedAt;
    return containerStart !== undefined && milliseconds(containerStart) + ROUNDING_MS < nodeStart;
  });
}

/** Kubernetes rounds times down to whole seconds. */
const ROUNDING_MS = 1_000;

/** Converts a time as the API sends it (text) or as the typed clients return it. */
function milliseconds(time: Date | string | { valueOf(): number | string }): number {
  return new Date(time as string).getTime();
}

function isTrue(type: string): (condition: { type: string; status: string }) => boolean {
  return (condition) => condition.type === type && condition.status === 'True';
}
