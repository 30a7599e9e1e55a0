import { LABELS } from '../core/labels.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { inspectContainer } from '../docker/inspect.ts';
import { REGISTRY_PORT, registryName, type ObservedRegistry } from './registry.ts';

/** How the engine says that a container was never started. */
const NEVER = '0001-01-01T00:00:00Z';

/** The container of the name that the registry of a cluster has, whoever made it. */
export function observeRegistry(engine: DockerEngine, cluster: string): Promise<ObservedRegistry | undefined> {
  return observeContainer(engine, registryName(cluster));
}

/** A container as a registry, by its name or id. */
export async function observeContainer(engine: DockerEngine, container: string): Promise<ObservedRegistry | undefined> {
  const found = await inspectContainer(engine, container);
  if (!found) return undefined;
  const labels = found.Config.Labels ?? {};
  const networks = found.NetworkSettings.Networks ?? {};
  const [place] = Object.values(networks);
  const published = found.NetworkSettings.Ports?.[`${REGISTRY_PORT}/tcp`]?.[0];
  return {
    containerId: found.Id,
    project: labels[LABELS.project],
    cluster: labels[LABELS.registry],
    definition: labels[LABELS.definition],
    running: found.State.Running,
    hasRun: found.State.StartedAt !== NEVER,
    networks: Object.keys(networks),
    port: published && Number(published.HostPort),
    address: place?.IPAddress || (place?.GlobalIPv6Address ? `[${place.GlobalIPv6Address}]` : undefined),
  };
}
