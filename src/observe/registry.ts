import type { DockerEngine } from '../drivers/docker.ts';
import { LABELS } from '../model/image.ts';
import { REGISTRY_PORT, registryName, type ObservedRegistry } from '../model/registry.ts';

interface InspectedContainer {
  Id: string;
  Config: { Labels?: Record<string, string> | null };
  State: { Running: boolean };
  NetworkSettings: {
    Networks?: Record<string, unknown> | null;
    Ports?: Record<string, { HostIp: string; HostPort: string }[] | null> | null;
  };
}

/** The container of the name that the registry of a cluster has, whoever made it. */
export async function observeRegistry(engine: DockerEngine, cluster: string): Promise<ObservedRegistry | undefined> {
  const found = await inspect(engine, registryName(cluster));
  if (!found) return undefined;
  const labels = found.Config.Labels ?? {};
  const published = found.NetworkSettings.Ports?.[`${REGISTRY_PORT}/tcp`]?.[0];
  return {
    containerId: found.Id,
    project: labels[LABELS.project],
    cluster: labels[LABELS.registry],
    definition: labels[LABELS.definition],
    running: found.State.Running,
    networks: Object.keys(found.NetworkSettings.Networks ?? {}),
    port: published && Number(published.HostPort),
  };
}

/** The Docker network that a node is on: kind's, whatever that is called here. */
export async function networkOf(engine: DockerEngine, containerId: string): Promise<string> {
  const found = await inspect(engine, containerId);
  return Object.keys(found?.NetworkSettings.Networks ?? {})[0] ?? 'kind';
}

function inspect(engine: DockerEngine, container: string): Promise<InspectedContainer | undefined> {
  return engine.json<InspectedContainer>('GET', `/containers/${encodeURIComponent(container)}/json`);
}
