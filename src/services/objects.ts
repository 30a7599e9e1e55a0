import type { ServiceConfig } from '../config/config.ts';
import type { ManifestObject } from '../kubernetes/manifest.ts';

/** The label that links an EndpointSlice to its Service. */
const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

/**
 * The objects that let pods reach a container outside of the cluster by name: a Service without a
 * selector, and its EndpointSlice.
 */
export function objectsFor({ name, ports }: Pick<ServiceConfig, 'name' | 'ports'>, address: string): ManifestObject[] {
  const source = `services.${name} of the configuration`;
  const namedPorts = ports.map((port) => ({ name: `port-${port}`, port, protocol: 'TCP' }));
  return [
    { source, object: { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: namedPorts } } },
    {
      source,
      object: {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: {
          name,
          labels: { [SERVICE_NAME_LABEL]: name, 'endpointslice.kubernetes.io/managed-by': 'kind-harness' },
        },
        addressType: 'IPv4',
        ports: namedPorts,
        endpoints: [{ addresses: [address], conditions: { ready: true } }],
      },
    },
  ];
}
