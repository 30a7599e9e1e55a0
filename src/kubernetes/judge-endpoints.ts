import type { V1EndpointSlice, V1Service, V1ServicePort } from '@kubernetes/client-node';

/** A port of a Service; EndpointSlices refer to it by name. */
export interface ServicePort {
  name: string;
  scheme: 'http' | 'https';
}

/**
 * Finds a port by name or number; by default the only one or the one named `http`.
 * @throws Error with the existing ports
 */
export function servicePort(service: V1Service, wanted: string | number | undefined): ServicePort {
  const ports = service.spec?.ports ?? [];
  const found =
    wanted === undefined
      ? ports.length === 1
        ? ports[0]
        : ports.find(({ name }) => name === 'http')
      : ports.find(({ name, port }) => name === wanted || String(port) === String(wanted));
  if (!found) {
    const all =
      ports.map(({ name, port }) => (name === undefined ? String(port) : `${name} (${port})`)).join(', ') || 'none';
    throw new Error(`Service ${service.metadata?.name} ${portProblem(ports.length, wanted)}; it has ${all}.`);
  }
  return { name: found.name ?? '', scheme: schemeOf(found) === 'https' ? 'https' : 'http' };
}

/** The protocol of a port, as far as its `appProtocol`, name or number reveal it. */
export function schemeOf({ appProtocol, name, port }: V1ServicePort): 'http' | 'https' | 'tcp' {
  if (appProtocol === 'https' || name === 'https' || port === 443) return 'https';
  return appProtocol === 'http' || name === 'http' || [80, 8080].includes(port) ? 'http' : 'tcp';
}

function portProblem(ports: number, wanted: string | number | undefined): string {
  if (wanted !== undefined) return `has no port ${wanted}`;
  return ports === 0 ? 'has no port' : 'has several ports';
}

/**
 * A ready pod of a Service, and the port of the pod.
 * @param excluded the uids of pods not to choose
 */
export function readyPod(
  service: string,
  port: string,
  slices: readonly V1EndpointSlice[],
  excluded: ReadonlySet<string>,
): { pod: string; uid: string; targetPort: number } | undefined {
  for (const slice of slices) {
    if (slice.metadata?.labels?.['kubernetes.io/service-name'] !== service) continue;
    const targetPort = slice.ports?.find(({ name }) => (name ?? '') === port)?.port;
    const ready = slice.endpoints?.find(
      ({ conditions, targetRef }) =>
        conditions?.ready !== false && targetRef?.kind === 'Pod' && !excluded.has(targetRef.uid ?? ''),
    );
    if (targetPort !== undefined && ready?.targetRef?.name !== undefined)
      return { pod: ready.targetRef.name, uid: ready.targetRef.uid ?? '', targetPort };
  }
  return undefined;
}
