import type { V1Pod, V1Service } from '@kubernetes/client-node';
import { isReady } from './judge-pod.ts';
import type { RolloutFacts } from './workload.ts';

/**
 * Names a ready pod that a Service selects but does not route to yet; undefined if there is none. A
 * pod is ready a moment before its Services route to it, and a test that starts in between gets its
 * connections refused.
 */
export function servicesLack(facts: RolloutFacts): string | undefined {
  for (const service of facts.services) {
    const addresses = new Set(endpointsOf(service, facts));
    const missing = facts.pods.find(
      (pod) => isSelected(pod, service) && isReady(pod) && !addressesOf(pod).some((address) => addresses.has(address)),
    );
    if (missing) return `Service ${service.metadata?.name}: does not route to pod ${missing.metadata?.name} yet`;
  }
  return undefined;
}

function endpointsOf(service: V1Service, { endpointSlices }: RolloutFacts): string[] {
  return endpointSlices
    .filter((slice) => slice.metadata?.namespace === service.metadata?.namespace)
    .filter((slice) => slice.metadata?.labels?.['kubernetes.io/service-name'] === service.metadata?.name)
    .flatMap((slice) => slice.endpoints ?? [])
    .filter((endpoint) => endpoint.conditions?.ready !== false)
    .flatMap((endpoint) => endpoint.addresses);
}

/** Whether a Service should route to a pod: not if it is being deleted or has no address yet. */
function isSelected(pod: V1Pod, { spec, metadata }: V1Service): boolean {
  const selector = Object.entries(spec?.selector ?? {});
  if (selector.length === 0 || pod.metadata?.namespace !== metadata?.namespace) return false;
  if (pod.metadata?.deletionTimestamp !== undefined || addressesOf(pod).length === 0) return false;
  return selector.every(([name, value]) => pod.metadata?.labels?.[name] === value);
}

function addressesOf({ status }: V1Pod): string[] {
  return (status?.podIPs ?? []).flatMap(({ ip }) => (ip === undefined ? [] : [ip]));
}
