/** What a run needs from a machine, and what is missing. Pure. */
import { isAtLeast } from '../core/version.ts';
import type { DockerClient, ObservedTools } from './observed.ts';
import { OLDEST } from './versions.ts';

/** A thing that can be installed. */
export type Need = 'engine' | 'docker' | 'buildx' | 'compose' | 'kind';

/** The missing tools that every run needs, in the order in which they are reported. */
export function missingNeeds(tools: ObservedTools): Need[] {
  const missing: Need[] = [];
  const client = bestClient(tools.dockerClients);
  if (!engineInstalled(tools)) missing.push('engine');
  if (!client) missing.push('docker');
  if (!client?.buildx) missing.push('buildx');
  if (!isAtLeast(tools.kind?.version, OLDEST.kind)) missing.push('kind');
  return missing;
}

/**
 * The docker command to use: the first on the PATH with buildx, else the first of all. A client
 * without plugins may come before the one that has them.
 */
export function bestClient(clients: readonly DockerClient[]): DockerClient | undefined {
  return clients.find((client) => client.buildx) ?? clients[0];
}

/**
 * Whether the user chose the engine's address. Then the user must install and start it, here or
 * elsewhere.
 */
export function engineChosenByUser({ engine }: ObservedTools): boolean {
  return (
    engine.host !== undefined &&
    engine.host !== 'unix:///var/run/docker.sock' &&
    engine.host !== 'unix:///run/docker.sock'
  );
}

function engineInstalled(tools: ObservedTools): boolean {
  const { engine } = tools;
  if (engine.state === 'up' || engineChosenByUser(tools)) return true;
  return engine.daemon !== undefined || engine.reason === 'denied'; // a socket that denies access belongs to an engine
}
