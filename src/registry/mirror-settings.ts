import { sha256 } from '../core/digest.ts';
import type { MirrorConfig } from '../config/config.ts';
import { REGISTRY_PORT } from './registry.ts';

/** The name of a mirror's container. Hosts may have characters that names may not. */
export function mirrorName(cluster: string, { host }: Pick<MirrorConfig, 'host'>): string {
  return `${cluster}-mirror-${host.replaceAll(':', '-').toLowerCase()}-${sha256(host).slice(0, 6)}`;
}

/**
 * The settings of a mirror: it asks the other registry for what it does not have, and keeps it for
 * a month.
 */
export function mirrorSettings({ from }: Pick<MirrorConfig, 'from'>): string {
  return `version: 0.1
log:
  level: warn
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: /var/lib/registry
  delete:
    enabled: true
http:
  addr: :${REGISTRY_PORT}
proxy:
  remoteurl: ${JSON.stringify(from)}
  ttl: 720h
`;
}

/**
 * What a node's container runtime is told about a registry: to ask the mirror first, and then the
 * registry itself.
 * @param address of the mirror on the nodes' network
 */
export function hostSettings({ from }: Pick<MirrorConfig, 'from'>, address: string): string {
  return `# written by kind-harness
server = ${JSON.stringify(from)}

[host."http://${address}:${REGISTRY_PORT}"]
  capabilities = ["pull", "resolve"]
`;
}
