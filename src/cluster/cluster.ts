import type { Owner } from '../config/judge-owner.ts';

/** One node container of a kind cluster. */
export interface ClusterNode {
  /** The name of the container, and of the node in Kubernetes. */
  name: string;
  containerId: string;
  role: 'control-plane' | 'worker' | 'external-load-balancer';
  running: boolean;
  /** When the container was created, milliseconds since the epoch. */
  created: number;
  /** The engine's id of the image that the container was created from. */
  image: string;
}

/** What the harness stores in a cluster once it is healthy. It is deleted with the cluster. */
export interface ClusterRecord {
  format: 1;
  project: string;
  /** Missing in records of earlier versions, which knew only the project's name. */
  owner?: Owner | undefined;
  /** Digest of everything the cluster was created from, see `wantedCluster`. */
  definition: string;
  /** The parts of that definition as text, to name what changed. */
  parts: Record<string, string>;
}

/** A kind cluster as Docker shows it. */
export interface ClusterState {
  name: string;
  /** Empty when there is no such cluster. */
  nodes: ClusterNode[];
  record?: ClusterRecord | undefined;
  /**
   * Whether its nodes bear the mark of this owner, see `creationMark`. Only looked at without a
   * record.
   */
  isMarked?: boolean | undefined;
}

export type ClusterAction = 'create' | 'start' | 'use' | 'recreate' | 'refuse';

export interface ClusterDecision {
  action: ClusterAction;
  /** Shown to the user. */
  reason: string;
}
