import type { CoreV1Event, V1EndpointSlice, V1Pod } from '@kubernetes/client-node';
import { HarnessError } from '../core/error.ts';
import { kubeList, kubeRequest, kubeText, statusOf, type KubeAccess } from '../kubernetes/api.ts';
import { containerLogText } from '../kubernetes/container-log.ts';
import { WatchTimeout, watchUntil, type Watched } from '../kubernetes/watch.ts';
import { STEADY_MS } from './judge-pod.ts';
import { servicesLack } from './judge-services.ts';
import { judgeWorkload } from './judge-workload.ts';
import { deletePod, stuckPods } from './stuck-pods.ts';
import type { PodFailure, RolloutFacts, Workload } from './workload.ts';

/** Milliseconds that everything that was deployed may take to run. */
const ROLLOUT_TIMEOUT = 300_000;

const LOG_LINES = 15;

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

/** What a roll-out is watched with. */
export interface RolloutOptions {
  /** When each node was last started, milliseconds since the epoch. */
  startedAt: Readonly<Record<string, number>>;
  /** Whether some of the containers have no readiness probe. */
  unprobed: boolean;
  progress: (detail: string) => void;
  signal?: AbortSignal;
}

/**
 * Waits until all workloads run as they were applied. A pod that waiting will not mend ends it at
 * once.
 * @throws HarnessError DEPLOY with the pod's events and last log lines
 */
export async function waitForRollout(kube: KubeAccess, workloads: Workload[], options: RolloutOptions): Promise<void> {
  if (workloads.length === 0) return;
  const { startedAt, unprobed, progress } = options;
  const namespaces = [...new Set(workloads.map((workload) => workload.namespace))];
  const paths = Object.fromEntries(
    namespaces.flatMap((namespace) =>
      Object.entries(KINDS).map(([kind, group]) => [
        `${namespace}/${kind}`,
        `${group}/namespaces/${namespace}/${kind}`,
      ]),
    ),
  );
  const watch = { paths, onPending: progress, ...(options.signal ? { signal: options.signal } : {}) };
  const deleted = new Set<string | undefined>();
  /** @returns what is still lacking */
  const look = (seen: Watched<string>): string[] => {
    const facts = factsFrom(seen, namespaces, startedAt);
    for (const pod of stuckPods(workloads, facts)) {
      if (deleted.has(pod.metadata?.uid)) continue;
      deleted.add(pod.metadata?.uid);
      void deletePod(kube, pod).catch(() => deleted.delete(pod.metadata?.uid)); // tried again with the next change
    }
    const pending = workloads.flatMap((workload) => {
      const judged = judgeWorkload(workload, facts);
      if (judged.state === 'failed') throw new RolloutFailed(judged.failure);
      return judged.state === 'pending' ? [judged.detail] : [];
    });
    const lacking = servicesLack(facts);
    return lacking === undefined ? pending : [...pending, lacking];
  };
  const deadline = Date.now() + ROLLOUT_TIMEOUT;
  try {
    let waited = false;
    for (let steady = false; !steady;) {
      await watchUntil(kube, { ...watch, timeout: Math.max(deadline - Date.now(), STEADY_MS) }, (seen) => {
        const pending = look(seen);
        waited ||= pending.length > 0;
        return pending.length === 0
          ? { state: 'done', value: undefined }
          : { state: 'pending', detail: pending.join('; ') };
      });
      steady = !waited || !unprobed || (await staysSo(kube, watch, (seen) => look(seen).length === 0));
    }
  } catch (error) {
    if (error instanceof RolloutFailed) throw await failureError(kube, error.failure);
    if (!(error instanceof WatchTimeout)) throw error;
    throw new HarnessError(
      'DEPLOY',
      `What was deployed does not run after ${ROLLOUT_TIMEOUT / 1000} s: ${error.message}.`,
      {
        next: 'Look into it with the kubeconfig that `harness kubeconfig` prints.',
      },
    );
  }
}

/**
 * Whether nothing falls back or restarts for a while. A first restart comes at once and may never
 * show as "not ready"; the second one is called CrashLoopBackOff.
 * @throws RolloutFailed
 */
async function staysSo(
  kube: KubeAccess,
  watch: Pick<Parameters<typeof watchUntil<string, boolean>>[1], 'paths' | 'signal' | 'onPending'>,
  isReady: (seen: Watched<string>) => boolean,
): Promise<boolean> {
  let before: number | undefined;
  try {
    return await watchUntil(kube, { ...watch, timeout: STEADY_MS }, (seen) => {
      const restarts = restartsIn(seen);
      before ??= restarts;
      const steady = isReady(seen) && restarts === before;
      return steady
        ? { state: 'pending', detail: 'running; waiting whether it stays so' }
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

function factsFrom(
  seen: Watched<string>,
  namespaces: string[],
  startedAt: Readonly<Record<string, number>>,
): RolloutFacts {
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
    startedAt,
  };
}

/** Everything a user needs to see of a pod that does not come up. */
async function failureError(kube: KubeAccess, failure: PodFailure): Promise<HarnessError> {
  const { pod, namespace, reason, message } = failure;
  const container = failure.container ?? (await failedContainer(kube, namespace, pod));
  const where = container === undefined ? `The pod ${pod}` : `The container ${container} of the pod ${pod}`;
  const [events, log] = await Promise.all([
    lastEvents(kube, namespace, pod),
    container === undefined ? '' : lastLog(kube, namespace, pod, container),
  ]);
  const detail = [message, events && `Events:\n${events}`, log && `Last log lines:\n${log}`]
    .filter((part) => part !== '')
    .join('\n');
  return new HarnessError('DEPLOY', `${where} in the namespace ${namespace} does not come up: ${reason}.`, {
    detail,
    next: adviceFor(reason),
  });
}

/** The container for which a pod as a whole failed, as that of a job does. */
async function failedContainer(kube: KubeAccess, namespace: string, name: string): Promise<string | undefined> {
  try {
    const { status } = await kubeRequest<V1Pod>(kube, 'GET', `/api/v1/namespaces/${namespace}/pods/${name}`);
    const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
    return containers.find(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0)?.name;
  } catch (error) {
    if (statusOf(error) === 404) return undefined; // deleted since
    throw error;
  }
}

function adviceFor(reason: string): string {
  if (/^(Err)?Image|InvalidImageName/.test(reason)) {
    return 'Check the `image:` in the manifest: a configured image must be named by its name or repository, any other must be one that the node can pull.';
  }
  if (reason === 'Unschedulable')
    return 'Lower what the pod requests, or give the cluster more nodes (`cluster.nodes`).';
  return 'Correct the program or its settings in the manifest, and try again.';
}

async function lastEvents(kube: KubeAccess, namespace: string, pod: string): Promise<string> {
  const query = new URLSearchParams({ fieldSelector: `involvedObject.name=${pod}` });
  const { items } = await kubeList<CoreV1Event>(kube, `/api/v1/namespaces/${namespace}/events?${query.toString()}`);
  const line = (event: CoreV1Event) =>
    `  ${event.type} ${event.reason}${(event.count ?? 1) > 1 ? ` (${event.count} times)` : ''}: ${event.message}`;
  return items.slice(-8).map(line).join('\n');
}

/** Of the container before this one where it was restarted: there the reason stands. */
async function lastLog(kube: KubeAccess, namespace: string, name: string, container: string): Promise<string> {
  for (const previous of ['true', 'false']) {
    const query = new URLSearchParams({ container, previous, tailLines: `${LOG_LINES}` });
    try {
      const text = containerLogText(
        await kubeText(kube, `/api/v1/namespaces/${namespace}/pods/${name}/log?${query.toString()}`),
      );
      if (text) return text.trimEnd().replace(/^/gm, '  ');
    } catch (error) {
      if (statusOf(error) === undefined) throw error; // a 400 says that there is no such log
    }
  }
  return '';
}
