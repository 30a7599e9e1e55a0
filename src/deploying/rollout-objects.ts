import type { CoreV1Event, V1EndpointSlice } from '@kubernetes/client-node';
import type { Watched } from '../kubernetes/watch.ts';
import type { RolloutFacts, Workload, WorkloadKind } from './workload.ts';

const KINDS = {
  deployments: '/apis/apps/v1',
  statefulsets: '/apis/apps/v1',
  daemonsets: '/apis/apps/v1',
  replicasets: '/apis/apps/v1',
  replicationcontrollers: '/api/v1',
  jobs: '/apis/batch/v1',
  pods: '/api/v1',
  services: '/api/v1',
  endpointslices: '/apis/discovery.k8s.io/v1',
  events: '/api/v1',
} as const;

/** Of the many events only these count: a controller could not create a pod. */
const QUERY: Partial<Record<keyof typeof KINDS, string>> = { events: '?fieldSelector=reason%3DFailedCreate' };

/** What shows the state of each kind of workload, besides what is needed for all of them. */
const NEEDED: Record<WorkloadKind, (keyof typeof KINDS)[]> = {
  Deployment: ['deployments', 'replicasets'],
  StatefulSet: ['statefulsets'],
  DaemonSet: ['daemonsets'],
  ReplicaSet: ['replicasets'],
  ReplicationController: ['replicationcontrollers'],
  Job: ['jobs'],
  Pod: [],
};

const ALWAYS_NEEDED: (keyof typeof KINDS)[] = ['pods', 'services', 'endpointslices', 'events'];

/**
 * The collections to watch for these workloads, as `<namespace>/<kind>`. Each costs a connection, so
 * they are no more than needed.
 */
export function pathsFor(workloads: readonly Pick<Workload, 'kind' | 'namespace'>[]): Record<string, string> {
  const paths = workloads.flatMap(({ namespace, kind }) =>
    [...NEEDED[kind], ...ALWAYS_NEEDED].map((each): [string, string] => [
      `${namespace}/${each}`,
      `${KINDS[each]}/namespaces/${namespace}/${each}${QUERY[each] ?? ''}`,
    ]),
  );
  return Object.fromEntries(paths);
}

/** What the watched collections show, from all namespaces. */
export function objectsIn(
  seen: Watched<string>,
  namespaces: readonly string[],
): Omit<RolloutFacts, 'startedAt' | 'loaded' | 'patience'> {
  const all = (kind: keyof typeof KINDS) => namespaces.flatMap((namespace) => seen[`${namespace}/${kind}`] ?? []);
  return {
    deployments: all('deployments'),
    statefulSets: all('statefulsets'),
    daemonSets: all('daemonsets'),
    replicaSets: all('replicasets'),
    replicationControllers: all('replicationcontrollers'),
    jobs: all('jobs'),
    pods: all('pods'),
    services: all('services'),
    endpointSlices: all('endpointslices') as V1EndpointSlice[],
    refusedPods: all('events') as CoreV1Event[],
  };
}
