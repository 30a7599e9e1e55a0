import type { V1Pod, V1Service } from '@kubernetes/client-node';
import { isReady } from './judge-pod.ts';
import type { RolloutFacts } from './workload.ts';

/**
 * What a Service still lacks to lead to the pods that it selects, in words; undefined when none
 * lacks anything. A pod is ready a moment before its Services know of it, and a test that starts in
 * between is refused.
 */
export function servicesLack(facts: RolloutFacts): string | undefined {
  for (const service of facts.services) {
    const known = new Set(endpointsOf(service, facts));
    const unknown = facts.pods.find(
      (pod) => isSelected(pod, service) && isReady(pod) && !addressesOf(pod).some((address) => known.has(address)),
    );
    if (unknown) return `Service ${service.metadata?.name}: does not lead to the pod ${unknown.metadata?.name} yet`;
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

/** A pod that is ending, or has none of its addresses yet, is no business of a Service. */
function isSelected(pod: V1Pod, { spec, metadata }: V1Service): boolean {
  const selector = Object.entries(spec?.selector ?? {});
  if (selector.length === 0 || pod.metadata?.namespace !== metadata?.namespace) return false;
  if (pod.metadata?.deletionTimestamp !== undefined || addressesOf(pod).length === 0) return false;
  return selector.every(([name, value]) => pod.metadata?.labels?.[name] === value);
}

function addressesOf({ status }: V1Pod): string[] {
  return (status?.podIPs ?? []).flatMap(({ ip }) => (ip === undefined ? [] : [ip]));
}
