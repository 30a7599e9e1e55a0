/** One node container of a kind cluster. */
export interface ClusterNode {
  /** The container's name, and the node's in Kubernetes. */
  name: string;
  containerId: string;
  role: 'control-plane' | 'worker' | 'external-load-balancer';
  running: boolean;
  /** When the container was made, milliseconds since the epoch. */
  created: number;
}

/**
 * What the harness writes on a cluster once it has proved healthy; it lives and dies with the
 * cluster.
 */
export interface ClusterRecord {
  format: 1;
  project: string;
  /** Digest of everything the cluster was made from, see `clusterDefinition`. */
  definition: string;
  /** The parts of that definition in words, to say what changed. */
  parts: Record<string, string>;
}

/** A kind cluster as Docker shows it. */
export interface ClusterState {
  name: string;
  /** Empty when there is no such cluster. */
  nodes: ClusterNode[];
  record?: ClusterRecord;
  /** When this state directory last began to create it, milliseconds since the epoch. */
  creationBegun?: number;
}

export type ClusterAction = 'create' | 'start' | 'use' | 'recreate' | 'refuse';

export interface ClusterDecision {
  action: ClusterAction;
  /** In words, for the user. */
  reason: string;
}
