import type { DockerEngine } from './engine.ts';

/** The part of the engine's answer about a container that is used here. */
export interface InspectedContainer {
  Id: string;
  Config: { Image?: string; Labels?: Record<string, string> | null };
  State: { Running: boolean; StartedAt?: string };
  HostConfig?: { NetworkMode?: string };
  NetworkSettings: {
    Networks?: Record<string, { IPAddress?: string; GlobalIPv6Address?: string }> | null;
    Ports?: Record<string, { HostIp: string; HostPort: string }[] | null> | null;
  };
}

/** The container with this name or id; undefined if there is none. */
export function inspectContainer(engine: DockerEngine, container: string): Promise<InspectedContainer | undefined> {
  return engine.json<InspectedContainer>('GET', `/containers/${encodeURIComponent(container)}/json`);
}
