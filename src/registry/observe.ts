import type { DockerEngine } from '../docker/engine.ts';
import { LABELS } from '../core/labels.ts';
import { REGISTRY_PORT, registryName, type ObservedRegistry } from './registry.ts';

interface InspectedContainer {
  Id: string;
  Config: { Labels?: Record<string, string> | null };
  State: { Running: boolean; StartedAt?: string };
  HostConfig?: { NetworkMode?: string };
  NetworkSettings: {
    Networks?: Record<string, { IPAddress?: string; GlobalIPv6Address?: string }> | null;
    Ports?: Record<string, { HostIp: string; HostPort: string }[] | null> | null;
  };
}

/** How the engine says that a container was never started. */
const NEVER = '0001-01-01T00:00:00Z';

/** The container of the name that the registry of a cluster has, whoever made it. */
export function observeRegistry(engine: DockerEngine, cluster: string): Promise<ObservedRegistry | undefined> {
  return observeContainer(engine, registryName(cluster));
}

/** A container as a registry, by its name or id. */
export async function observeContainer(engine: DockerEngine, container: string): Promise<ObservedRegistry | undefined> {
  const found = await inspect(engine, container);
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

/** The Docker network that a node was made on: kind's, whatever that is called here. It may have been put on others since. */
export async function networkOf(engine: DockerEngine, containerId: string): Promise<string> {
  const found = await inspect(engine, containerId);
  const made = found?.HostConfig?.NetworkMode;
  return made !== undefined && made in (found?.NetworkSettings.Networks ?? {}) ? made : 'kind';
}

function inspect(engine: DockerEngine, container: string): Promise<InspectedContainer | undefined> {
  return engine.json<InspectedContainer>('GET', `/containers/${encodeURIComponent(container)}/json`);
}
