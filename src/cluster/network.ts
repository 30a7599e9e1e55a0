import type { DockerEngine } from '../docker/engine.ts';
import { inspectContainer } from '../docker/inspect.ts';

/**
 * The Docker network that a node was made on: kind's, whatever that is called here. It may have
 * been put on others since.
 */
export async function networkOf(engine: DockerEngine, containerId: string): Promise<string> {
  const found = await inspectContainer(engine, containerId);
  const made = found?.HostConfig?.NetworkMode;
  return made !== undefined && made in (found?.NetworkSettings.Networks ?? {}) ? made : 'kind';
}
