/** The registry's container as Docker shows it. */
export interface ObservedRegistry {
  containerId: string;
  /**
   * The project and the cluster that its labels name; undefined on a container that is not the
   * harness's.
   */
  project: string | undefined;
  cluster: string | undefined;
  /** Digest of what it was made from. */
  definition: string | undefined;
  running: boolean;
  /** Whether it was ever started; one that was not may lack its settings. */
  hasRun: boolean;
  networks: string[];
  /** Where it is published on this machine's loopback; Docker chooses anew at every start. */
  port: number | undefined;
  /** Its address on its network, while it runs. */
  address: string | undefined;
}

/** A registry that can be used. */
export interface Registry {
  containerId: string;
  /**
   * Where nodes reach it. An address and no name: where nodes use a proxy, kind exempts the
   * addresses of their network, and no names.
   */
  address: string;
  /** On this machine's loopback. */
  port: number;
}

/** The port that it listens on inside its network. */
export const REGISTRY_PORT = 5000;

/**
 * The one repository that all images go into, told apart by their tags. Docker and the registry
 * share layers within a repository without being told.
 */
export const REPOSITORY = 'kind-harness';

/**
 * The name by which the nodes' container runtimes know the registry, whatever its container is
 * called.
 */
export const NODE_HOST = `kind-harness-registry:${REGISTRY_PORT}`;

/** The container's name. Not among kind's own: those end in a role. */
export function registryName(cluster: string): string {
  return `${cluster}-registry`;
}
