/** The things that a run needs from a machine, and which of them are not there. Pure. */
import { isAtLeast } from '../core/version.ts';
import type { DockerClient, ObservedTools } from './observed.ts';
import { OLDEST } from './versions.ts';

/** A thing that can be installed. */
export type Need = 'engine' | 'docker' | 'buildx' | 'compose' | 'kind';

/** What nothing runs without, in the order in which it is told. */
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
 * The docker command to use: the first on the PATH that finds buildx, else the first of all.
 * Another client may stand before the one that came with the plugins.
 */
export function bestClient(clients: readonly DockerClient[]): DockerClient | undefined {
  return clients.find((client) => client.buildx) ?? clients[0];
}

/**
 * An engine at an address that the user chose is the user's to install and start, here or
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
  return engine.daemon !== undefined || engine.reason === 'denied'; // something owns the socket that refuses us
}
