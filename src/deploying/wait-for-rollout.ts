import type { V1EndpointSlice, V1Pod } from '@kubernetes/client-node';
import { HarnessError } from '../core/error.ts';
import type { KubeAccess } from '../kubernetes/api.ts';
import { deleteObject } from '../kubernetes/delete.ts';
import { WatchTimeout, watchUntil, type Watched } from '../kubernetes/watch.ts';
import { stuckPods } from './decide-stuck-pods.ts';
import { STEADY_MS } from './judge-pod.ts';
import { servicesLack } from './judge-services.ts';
import { judgeWorkload } from './judge-workload.ts';
import { rolloutError } from './rollout-error.ts';
import type { LoadedImages, PodFailure, RolloutFacts, Workload } from './workload.ts';

const KINDS = {
  deployments: '/apis/apps/v1',
  statefulsets: '/apis/apps/v1',
  daemonsets: '/apis/apps/v1',
  replicasets: '/apis/apps/v1',
  jobs: '/apis/batch/v1',
  pods: '/api/v1',
  services: '/api/v1',
  endpointslices: '/apis/discovery.k8s.io/v1',
} as const;

class RolloutFailed extends Error {
  readonly failure: PodFailure;
  constructor(failure: PodFailure) {
    super(failure.reason);
    this.failure = failure;
  }
}

export interface RolloutOptions {
  /** Milliseconds until all workloads must be ready. */
  timeout: number;
  /** When each node was last started, milliseconds since the epoch. */
  startedAt: Readonly<Record<string, number>>;
  /** What all nodes had before anything was applied. */
  loaded: LoadedImages;
  /** Whether some of the containers have no readiness probe. */
  unprobed: boolean;
  progress: (detail: string) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Waits until all workloads run as they were applied. Fails at once if a pod will not start,
 * however long one waits.
 * @throws HarnessError DEPLOY with the pod's events and last log lines
 */
export async function waitForRollout(kube: KubeAccess, workloads: Workload[], options: RolloutOptions): Promise<void> {
  if (workloads.length === 0) return;
  try {
    await waitUntilSteady(kube, workloads, options);
  } catch (error) {
    if (error instanceof RolloutFailed) throw await rolloutError(kube, error.failure);
    if (!(error instanceof WatchTimeout)) throw error;
    throw new HarnessError('DEPLOY', `Deployment not ready after ${options.timeout / 1000} s: ${error.message}.`, {
      next: 'Inspect the cluster with the kubeconfig that `harness kubeconfig` prints, or raise `timeouts.deploy`.',
    });
  }
}

/** Names the missing parts of a rollout, as far as the watched objects show. */
type Check = (seen: Watched<string>) => string[];

/** @throws RolloutFailed, WatchTimeout */
async function waitUntilSteady(kube: KubeAccess, workloads: Workload[], options: RolloutOptions): Promise<void> {
  const { startedAt, loaded, unprobed, progress, signal } = options;
  const namespaces = [...new Set(workloads.map(({ namespace }) => namespace))];
  const watch = { paths: pathsIn(namespaces), onPending: progress, signal };
  const replaceStuckPods = stuckPodReplacer(kube, workloads);
  const check: Check = (seen) => {
    const facts: RolloutFacts = { ...objectsIn(seen, namespaces), startedAt, loaded };
    replaceStuckPods(facts);
    return missingParts(workloads, facts);
  };
  const deadline = Date.now() + options.timeout;
  let waited = false;
  do {
    await watchUntil(kube, { ...watch, timeout: Math.max(deadline - Date.now(), STEADY_MS) }, (seen) => {
      const missing = check(seen);
      if (missing.length === 0) return { state: 'done', value: undefined };
      waited = true;
      return { state: 'pending', detail: missing.join('; ') };
    });
  } while (waited && unprobed && !(await staysReady(kube, watch, check)));
}

/** @throws RolloutFailed when a pod will not start */
function missingParts(workloads: Workload[], facts: RolloutFacts): string[] {
  const pending = workloads.flatMap((workload) => {
    const judged = judgeWorkload(workload, facts);
    if (judged.state === 'failed') throw new RolloutFailed(judged.failure);
    return judged.state === 'pending' ? [judged.detail] : [];
  });
  const unreached = servicesLack(facts);
  return unreached === undefined ? pending : [...pending, unreached];
}

/** Deletes pods that block a rollout, each once. */
function stuckPodReplacer(kube: KubeAccess, workloads: Workload[]): (facts: RolloutFacts) => void {
  const deleted = new Set<string>();
  return (facts) => {
    for (const { metadata } of stuckPods(workloads, facts)) {
      const { name = '', namespace = '', uid = '' } = metadata ?? {};
      if (deleted.has(uid)) continue;
      deleted.add(uid);
      // A failed deletion is tried again after the next change.
      deleteObject(kube, `/api/v1/namespaces/${namespace}/pods/${name}`, uid).catch(() => deleted.delete(uid));
    }
  };
}

/**
 * Whether everything stays ready for a while without a restart. The first restart comes at once and
 * may never show as "not ready"; the second one is called CrashLoopBackOff.
 * @throws RolloutFailed
 */
async function staysReady(
  kube: KubeAccess,
  watch: Pick<Parameters<typeof watchUntil<string, boolean>>[1], 'paths' | 'signal' | 'onPending'>,
  check: Check,
): Promise<boolean> {
  let restartsBefore: number | undefined;
  try {
    return await watchUntil(kube, { ...watch, timeout: STEADY_MS }, (seen) => {
      const restarts = restartsIn(seen);
      restartsBefore ??= restarts;
      return check(seen).length === 0 && restarts === restartsBefore
        ? { state: 'pending', detail: 'running; checking that it stays up' }
        : { state: 'done', value: false };
    });
  } catch (error) {
    if (error instanceof WatchTimeout) return true;
    throw error;
  }
}

function restartsIn(seen: Watched<string>): number {
  const pods = Object.entries(seen).flatMap(([path, objects]) => (path.endsWith('/pods') ? (objects as V1Pod[]) : []));
  return pods
    .flatMap((pod) => pod.status?.containerStatuses ?? [])
    .reduce((sum, { restartCount }) => sum + restartCount, 0);
}

/** The collections to watch, as `<namespace>/<kind>`. */
function pathsIn(namespaces: string[]): Record<string, string> {
  const paths = namespaces.flatMap((namespace) =>
    Object.entries(KINDS).map(([kind, group]) => {
      return [`${namespace}/${kind}`, `${group}/namespaces/${namespace}/${kind}`];
    }),
  );
  return Object.fromEntries(paths) as Record<string, string>;
}

function objectsIn(seen: Watched<string>, namespaces: string[]): Omit<RolloutFacts, 'startedAt' | 'loaded'> {
  const all = (kind: keyof typeof KINDS) => namespaces.flatMap((namespace) => seen[`${namespace}/${kind}`] ?? []);
  return {
    deployments: all('deployments'),
    statefulSets: all('statefulsets'),
    daemonSets: all('daemonsets'),
    replicaSets: all('replicasets'),
    jobs: all('jobs'),
    pods: all('pods'),
    services: all('services'),
    endpointSlices: all('endpointslices') as V1EndpointSlice[],
  };
}
