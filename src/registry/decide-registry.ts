import { otherOwner, type Owner } from '../config/judge-owner.ts';
import type { ObservedRegistry } from './registry.ts';

/** What the local registry should be. */
export interface WantedRegistry {
  project: string;
  cluster: string;
  owner: Owner;
  definition: string;
  /** The Docker network that the nodes are on. */
  network: string;
}

export interface RegistryDecision {
  action: 'create' | 'start' | 'use' | 'recreate' | 'refuse';
  reason: string;
}

/**
 * Whether a container is the registry of that project and cluster. The harness never changes or
 * deletes any other container.
 */
export function isOurs(
  observed: ObservedRegistry,
  { project, cluster, owner }: Pick<WantedRegistry, 'project' | 'cluster' | 'owner'>,
): boolean {
  const hasNames = observed.project === project && observed.cluster === cluster;
  return hasNames && otherOwner(observed.owner, owner) === undefined;
}

/**
 * Decides what to do to get the wanted registry. Whether it answers is checked later, because only
 * a running registry can be asked.
 */
export function decideRegistry(observed: ObservedRegistry | undefined, wanted: WantedRegistry): RegistryDecision {
  if (!observed) return { action: 'create', reason: 'there is none' };
  if (!isOurs(observed, wanted)) return { action: 'refuse', reason: describeOwner(observed, wanted.owner) };
  if (observed.definition !== wanted.definition)
    return { action: 'recreate', reason: 'its image or its settings changed' };
  if (!observed.hasRun) return { action: 'recreate', reason: 'its creation was interrupted' };
  if (observed.networks.join() !== wanted.network)
    return { action: 'recreate', reason: `it is not on the network ${wanted.network} alone` };
  if (!observed.running) return { action: 'start', reason: 'it was stopped' };
  if (observed.port === undefined) return { action: 'recreate', reason: 'it has no port on this machine' };
  return { action: 'use', reason: 'it is running' };
}

/** A container inherits its image's labels, so the project's label alone proves nothing. */
function describeOwner({ project, cluster, owner }: ObservedRegistry, self: Owner): string {
  if (cluster === undefined) return 'this harness did not create it';
  const other = project === self.project ? otherOwner(owner, self) : undefined;
  return other ?? `it belongs to the cluster ${cluster} of the project ${project}`;
}
