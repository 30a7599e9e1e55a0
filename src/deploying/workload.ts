import type {
  V1DaemonSet,
  V1Deployment,
  V1EndpointSlice,
  V1Job,
  V1Pod,
  V1ReplicaSet,
  V1Service,
  V1StatefulSet,
} from '@kubernetes/client-node';

/** Kinds of objects whose pods a rollout waits for. */
const WORKLOAD_KINDS = ['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'Pod'] as const;

export type WorkloadKind = (typeof WORKLOAD_KINDS)[number];

/** An applied object that creates pods, or is one. */
export interface Workload {
  kind: WorkloadKind;
  name: string;
  namespace: string;
}

export function isWorkload(kind: string): kind is WorkloadKind {
  return WORKLOAD_KINDS.some((known) => known === kind);
}

/** The objects in the namespaces that something was deployed to. */
export interface RolloutFacts {
  deployments: V1Deployment[];
  statefulSets: V1StatefulSet[];
  daemonSets: V1DaemonSet[];
  jobs: V1Job[];
  replicaSets: V1ReplicaSet[];
  pods: V1Pod[];
  services: V1Service[];
  endpointSlices: V1EndpointSlice[];
  /** When each node was last started. A pod status from before that is out of date. */
  startedAt: Readonly<Record<string, number>>;
  /** What was loaded into all nodes before these objects were applied, if anything was. */
  loaded?: LoadedImages | undefined;
}

/** Images that all nodes have. */
export interface LoadedImages {
  references: readonly string[];
  /** When they were certainly in all nodes, milliseconds since the epoch. */
  at: number;
}

/** A pod that will not start, however long one waits. */
export interface PodFailure {
  pod: string;
  namespace: string;
  container?: string;
  /** Kubernetes's own word, such as CrashLoopBackOff. */
  reason: string;
  message: string;
}

export type WorkloadState =
  { state: 'ready' } | { state: 'pending'; detail: string } | { state: 'failed'; failure: PodFailure };
