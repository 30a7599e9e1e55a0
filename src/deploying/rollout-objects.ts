import type { CoreV1Event, V1EndpointSlice } from '@kubernetes/client-node';
import type { Watched } from '../kubernetes/watch.ts';
import type { RolloutFacts } from './workload.ts';

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

/** The collections to watch, as `<namespace>/<kind>`. */
export function pathsIn(namespaces: readonly string[]): Record<string, string> {
  const kinds = Object.entries(KINDS) as [keyof typeof KINDS, string][];
  const paths = namespaces.flatMap((namespace) =>
    kinds.map(([kind, group]): [string, string] => [
      `${namespace}/${kind}`,
      `${group}/namespaces/${namespace}/${kind}${QUERY[kind] ?? ''}`,
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
