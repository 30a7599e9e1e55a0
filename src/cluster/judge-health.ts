import type { V1Deployment, V1Lease, V1Node, V1Pod, V1ServiceAccount } from '@kubernetes/client-node';

/** What is looked at to tell whether a cluster can be used. */
export interface ClusterHealthFacts {
  nodes: V1Node[];
  /** Of the namespace kube-node-lease: each kubelet renews its own. */
  leases: V1Lease[];
  /** Of kube-system. */
  deployments: V1Deployment[];
  /** Of kube-system. */
  pods: V1Pod[];
  /** Of the namespace default. */
  serviceAccounts: V1ServiceAccount[];
  /**
   * When each node's container was last started, milliseconds since the epoch, by the node's name.
   */
  startedAt: Readonly<Record<string, number>>;
}

/**
 * What a cluster still lacks before it can be used, in words; undefined when it is ready. `kind
 * create --wait` returns earlier: it asks for the control plane's node alone, and pods cannot
 * resolve names before CoreDNS is there. After a restart the API server still serves what held
 * before it, so whatever is older than its node's start counts as not there.
 */
export function clusterLacks(facts: ClusterHealthFacts): string | undefined {
  const names = Object.keys(facts.startedAt);
  const ready = names.filter((name) => isNodeReady(facts, name));
  if (ready.length < names.length) return `${ready.length} of ${names.length} nodes ready`;
  const old = facts.pods.find((pod) => isFromBefore(pod, facts.startedAt));
  if (old) return `the pod ${old.metadata?.name} has not been restarted`;
  const dns = facts.deployments.find((deployment) => deployment.metadata?.name === 'coredns');
  if (!dns) return 'CoreDNS is not deployed';
  if (!dns.status?.conditions?.some(holds('Available'))) return 'CoreDNS is not available';
  if (
    !facts.pods.some(
      (pod) => pod.metadata?.labels?.['k8s-app'] === 'kube-dns' && pod.status?.conditions?.some(holds('Ready')),
    )
  ) {
    return 'no CoreDNS pod is ready';
  }
  if (!facts.serviceAccounts.some((account) => account.metadata?.name === 'default'))
    return 'the default service account is not there';
  return undefined;
}

function isNodeReady(facts: ClusterHealthFacts, name: string): boolean {
  const node = facts.nodes.find((candidate) => candidate.metadata?.name === name);
  const renewed = facts.leases.find((lease) => lease.metadata?.name === name)?.spec?.renewTime;
  if (!node || renewed === undefined) return false;
  return (
    milliseconds(renewed) >= (facts.startedAt[name] ?? 0) && (node.status?.conditions?.some(holds('Ready')) ?? false)
  );
}

/**
 * Whether a pod's state is older than the last start of its node: its containers cannot have
 * survived that.
 */
export function isFromBefore(pod: V1Pod, startedAt: Readonly<Record<string, number>>): boolean {
  const start = startedAt[pod.spec?.nodeName ?? ''];
  if (start === undefined) return false;
  return (pod.status?.containerStatuses ?? []).some((status) => {
    const running = status.state?.running?.startedAt;
    return running !== undefined && milliseconds(running) + ROUNDING_MS < start;
  });
}

/** Kubernetes gives times in whole seconds, rounded down. */
const ROUNDING_MS = 1_000;

/** A time as the API sends it (text) or as the typed clients read it. */
function milliseconds(time: Date | string | { valueOf(): number | string }): number {
  return new Date(time as string).getTime();
}

function holds(type: string): (condition: { type: string; status: string }) => boolean {
  return (condition) => condition.type === type && condition.status === 'True';
}
