import type { ServiceConfig } from '../config/config.ts';
import type { ManifestObject } from '../kubernetes/manifest.ts';

/** The label by which Kubernetes knows whose endpoints a slice holds. */
const OF_SERVICE = 'kubernetes.io/service-name';

/**
 * What makes a container beside the cluster reachable from pods by its name: a Service without a
 * selector, and where it leads.
 */
export function objectsFor({ name, ports }: Pick<ServiceConfig, 'name' | 'ports'>, address: string): ManifestObject[] {
  const source = `services.${name} of the configuration`;
  const named = ports.map((port) => ({ name: `port-${port}`, port, protocol: 'TCP' }));
  return [
    { source, object: { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: named } } },
    {
      source,
      object: {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name, labels: { [OF_SERVICE]: name, 'endpointslice.kubernetes.io/managed-by': 'kind-harness' } },
        addressType: 'IPv4',
        ports: named,
        endpoints: [{ addresses: [address], conditions: { ready: true } }],
      },
    },
  ];
}
