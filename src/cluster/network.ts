import type { DockerEngine } from '../docker/engine.ts';
import { inspectContainer } from '../docker/inspect.ts';

/**
 * The Docker network that a node was created on: kind's network, whatever its name. The node may
 * have been connected to others since.
 */
export async function networkOf(engine: DockerEngine, containerId: string): Promise<string> {
  const container = await inspectContainer(engine, containerId);
  const original = container?.HostConfig?.NetworkMode;
  return original !== undefined && original in (container?.NetworkSettings.Networks ?? {}) ? original : 'kind';
}
