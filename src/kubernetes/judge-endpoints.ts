import type { V1EndpointSlice, V1Service, V1ServicePort } from '@kubernetes/client-node';

/** A port of a Service; EndpointSlices know it by its name. */
export interface ServicePort {
  name: string;
  scheme: 'http' | 'https';
}

/**
 * The port that is meant: by name or number, or else the only one or the one named `http`.
 * @throws Error with the ports that there are
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
    throw new Error(`The Service ${service.metadata?.name} ${lack(ports.length, wanted)}; it has ${all}.`);
  }
  return { name: found.name ?? '', scheme: schemeOf(found) === 'https' ? 'https' : 'http' };
}

/** What is spoken at a port, as far as its protocol, its name or its number tell. */
export function schemeOf({ appProtocol, name, port }: V1ServicePort): 'http' | 'https' | 'tcp' {
  if (appProtocol === 'https' || name === 'https' || port === 443) return 'https';
  return appProtocol === 'http' || name === 'http' || [80, 8080].includes(port) ? 'http' : 'tcp';
}

function lack(ports: number, wanted: string | number | undefined): string {
  if (wanted !== undefined) return `has no port ${wanted}`;
  return ports === 0 ? 'has no port' : 'has several ports';
}

/**
 * A ready pod behind a Service, and the port on it.
 * @param but the uids of pods that are not to be chosen
 */
export function readyPod(
  service: string,
  port: string,
  slices: readonly V1EndpointSlice[],
  but: ReadonlySet<string>,
): { pod: string; uid: string; targetPort: number } | undefined {
  for (const slice of slices) {
    if (slice.metadata?.labels?.['kubernetes.io/service-name'] !== service) continue;
    const targetPort = slice.ports?.find(({ name }) => (name ?? '') === port)?.port;
    const ready = slice.endpoints?.find(
      ({ conditions, targetRef }) =>
        conditions?.ready !== false && targetRef?.kind === 'Pod' && !but.has(targetRef.uid ?? ''),
    );
    if (targetPort !== undefined && ready?.targetRef?.name !== undefined)
      return { pod: ready.targetRef.name, uid: ready.targetRef.uid ?? '', targetPort };
  }
  return undefined;
}
