/** The registry's container as Docker shows it. */
export interface ObservedRegistry {
  containerId: string;
  /** Project and cluster from its labels; undefined if the harness did not create the container. */
  project: string | undefined;
  cluster: string | undefined;
  /** Its label; undefined on those of earlier versions. */
  owner: string | undefined;
  /** Digest of what it was created from. */
  definition: string | undefined;
  running: boolean;
  /** Whether it was ever started. If not, it may lack its settings. */
  hasRun: boolean;
  networks: string[];
  /** Its port on this machine's loopback. Docker chooses a new one at every start. */
  port: number | undefined;
  /** Its address on its network; undefined while it is stopped. */
  address: string | undefined;
}

/** A registry that can be used. */
export interface Registry {
  containerId: string;
  /**
   * Where nodes reach it. An IP address, not a name: if nodes use a proxy, kind exempts the
   * addresses of their network from it, but no names.
   */
  address: string;
  /** Its port on this machine's loopback. */
  port: number;
  /** It refuses requests without it. */
  password: string;
}

/** What a request from this machine needs. */
export type RegistryAccess = Pick<Registry, 'port' | 'password'>;

/** The port on which the registry listens in its network. */
export const REGISTRY_PORT = 5000;

/**
 * The one repository for all images; tags distinguish them. Docker and the registry share layers
 * automatically within a repository.
 */
export const REPOSITORY = 'kind-harness';

/** The registry's host name for the nodes' container runtimes, whatever its container is called. */
export const NODE_HOST = `kind-harness-registry:${REGISTRY_PORT}`;

/** The container's name. It cannot clash with kind's containers, whose names end in a role. */
export function registryName(cluster: string): string {
  return `${cluster}-registry`;
}
