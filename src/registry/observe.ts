import { LABELS } from '../core/labels.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { inspectContainer } from '../docker/inspect.ts';
import { REGISTRY_PORT, registryName, type ObservedRegistry } from './registry.ts';

/** The engine's start time of a container that was never started. */
const NEVER_STARTED = '0001-01-01T00:00:00Z';

/** The container with the name of a cluster's registry, no matter who created it. */
export function observeRegistry(engine: DockerEngine, cluster: string): Promise<ObservedRegistry | undefined> {
  return observeContainer(engine, registryName(cluster));
}

/** Inspects a container, by name or id, as a registry. */
export async function observeContainer(engine: DockerEngine, container: string): Promise<ObservedRegistry | undefined> {
  const found = await inspectContainer(engine, container);
  if (!found) return undefined;
  const labels = found.Config.Labels ?? {};
  const networks = found.NetworkSettings.Networks ?? {};
  const [network] = Object.values(networks);
  const published = found.NetworkSettings.Ports?.[`${REGISTRY_PORT}/tcp`]?.[0];
  return {
    containerId: found.Id,
    project: labels[LABELS.project],
    cluster: labels[LABELS.registry],
    owner: labels[LABELS.owner],
    definition: labels[LABELS.definition],
    running: found.State.Running,
    hasRun: found.State.StartedAt !== NEVER_STARTED,
    networks: Object.keys(networks),
    port: published && Number(published.HostPort),
    address: network?.IPAddress || (network?.GlobalIPv6Address ? `[${network.GlobalIPv6Address}]` : undefined),
  };
}
