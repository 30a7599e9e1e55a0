import type { V1Service } from '@kubernetes/client-node';
import { openAccess } from '../kubernetes/access.ts';
import { builtInKind } from '../kubernetes/built-in-kind.ts';
import { forward } from '../kubernetes/forward.ts';
import { schemeOf } from '../kubernetes/judge-endpoints.ts';
import type { ManifestObject } from '../kubernetes/manifest.ts';
import { addressVariables } from './environment.ts';

/**
 * Makes the Services of the manifests reachable from this machine, for tests in another process.
 * @param signal ends the forwarding
 * @returns environment variables with the URLs
 */
export async function serviceUrls(
  { kubeconfig, namespace }: { kubeconfig: string; namespace: string },
  objects: readonly ManifestObject[],
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const services = objects
    .filter(({ object }) => builtInKind(object) === 'Service')
    .map(({ object }) => object as V1Service)
    .filter(({ spec }) => spec?.selector);
  if (services.length === 0) return {};
  const kube = await openAccess(kubeconfig);
  const variables = services.map(async ({ metadata, spec }) => {
    const { name = '', namespace: own = namespace } = metadata ?? {};
    const ports = (spec?.ports ?? []).filter(({ protocol = 'TCP' }) => protocol === 'TCP');
    const urls = ports.map(async (port) => {
      const local = await forward({ kube, namespace: own, name, port: port.port }, signal);
      return [port.port, `${schemeOf(port)}://127.0.0.1:${local}`] as const;
    });
    return addressVariables(name, await Promise.all(urls));
  });
  return Object.assign({}, ...(await Promise.all(variables))) as Record<string, string>;
}
