import type {
  CoreV1Event,
  V1DaemonSet,
  V1Deployment,
  V1EndpointSlice,
  V1Job,
  V1Pod,
  V1ReplicaSet,
  V1ReplicationController,
  V1Service,
  V1StatefulSet,
} from '@kubernetes/client-node';
import { groupOf } from '../kubernetes/kinds.ts';

/** Kinds of objects whose pods a rollout waits for. */
const GROUPS = {
  Deployment: 'apps',
  StatefulSet: 'apps',
  DaemonSet: 'apps',
  ReplicaSet: 'apps',
  ReplicationController: '',
  Job: 'batch',
  Pod: '',
} as const;

export type WorkloadKind = keyof typeof GROUPS;

/** An applied object that creates pods, or is one. */
export interface Workload {
  kind: WorkloadKind;
  name: string;
  namespace: string;
  /** A Job that Kubernetes deletes after its end; one that is gone has ended. */
  deletesItself?: boolean;
}

/** Whether an object is a workload. Another group may have a kind of the same name. */
export function isWorkload<T extends { apiVersion: string; kind: string }>(
  object: T,
): object is T & { kind: WorkloadKind } {
  const { apiVersion, kind } = object;
  return Object.hasOwn(GROUPS, kind) && GROUPS[kind as WorkloadKind] === groupOf(apiVersion);
}

/** The objects in the namespaces that something was deployed to. */
export interface RolloutFacts {
  deployments: V1Deployment[];
  statefulSets: V1StatefulSet[];
  daemonSets: V1DaemonSet[];
  jobs: V1Job[];
  replicaSets: V1ReplicaSet[];
  replicationControllers?: V1ReplicationController[];
  pods: V1Pod[];
  /** Events about pods that could not be created. */
  refusedPods?: CoreV1Event[];
  services: V1Service[];
  endpointSlices: V1EndpointSlice[];
  /** When each node was last started. A pod status from before that is out of date. */
  startedAt: Readonly<Record<string, number>>;
  /** What was loaded into all nodes before these objects were applied, if anything was. */
  loaded?: LoadedImages | undefined;
  /** What a crash may still heal by; without it, a crash loop is a failure. */
  patience?: Patience | undefined;
}

/** How long failures that may heal are watched. */
export interface Patience {
  /** Restarts of one container after which it has failed. */
  maxRestarts: number;
  /** How often a container had been restarted before this deployment, by `<pod's uid>/<name>`. */
  restartsBefore: ReadonlyMap<string, number>;
  /** Whether something in the deployment may create a missing ConfigMap or Secret. */
  mayAppear: boolean;
  /** When the deployment began, milliseconds since the epoch: earlier events say nothing about it. */
  since: number;
}

/** Images that all nodes have. */
export interface LoadedImages {
  references: readonly string[];
  /** When they were certainly in all nodes, milliseconds since the epoch. */
  at: number;
}

/** A pod that will not start, however long one waits, or that cannot be created. */
export interface PodFailure {
  /** What has failed, if it is not the pod or a container of it, such as `Deployment api`. */
  subject?: string;
  pod: string;
  namespace: string;
  container?: string;
  /** Kubernetes's own word, such as CrashLoopBackOff. */
  reason: string;
  message: string;
}

export type WorkloadState =
  /** `remark`: what the user may not expect. */
  { state: 'ready'; remark?: string } | { state: 'pending'; detail: string } | { state: 'failed'; failure: PodFailure };
