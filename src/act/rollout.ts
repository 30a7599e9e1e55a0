import type { CoreV1Event } from '@kubernetes/client-node';
import { watchUntil, WatchTimeout, type Watched } from '../drivers/kube-watch.ts';
import { statusOf, type Kube } from '../drivers/kubernetes.ts';
import { HarnessError } from '../model/error.ts';
import { judgeWorkload, type PodFailure, type RolloutFacts, type Workload } from '../plan/rollout.ts';

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
} as const;

class RolloutFailed extends Error {
  readonly failure: PodFailure;
  constructor(failure: PodFailure) {
    super(failure.reason);
    this.failure = failure;
  }
}

/**
 * Waits until all workloads run as they were applied. A pod that waiting will not mend ends it at once.
 * @throws HarnessError DEPLOY with the pod's events and last log lines
 */
export async function waitForRollout(
  kube: Kube,
  workloads: Workload[],
  startedAt: Readonly<Record<string, number>>,
  options: { progress: (detail: string) => void; signal?: AbortSignal },
): Promise<void> {
  if (workloads.length === 0) return;
  const namespaces = [...new Set(workloads.map((workload) => workload.namespace))];
  const paths = Object.fromEntries(
    namespaces.flatMap((namespace) =>
      Object.entries(KINDS).map(([kind, group]) => [`${namespace}/${kind}`, `${group}/namespaces/${namespace}/${kind}`]),
    ),
  );
  try {
    await watchUntil(
      kube,
      { paths, timeout: ROLLOUT_TIMEOUT, onPending: options.progress, ...(options.signal ? { signal: options.signal } : {}) },
      (seen) => {
        const facts = factsFrom(seen, namespaces, startedAt);
        const pending: string[] = [];
        for (const workload of workloads) {
          const judged = judgeWorkload(workload, facts);
          if (judged.state === 'failed') throw new RolloutFailed(judged.failure);
          if (judged.state === 'pending') pending.push(judged.detail);
        }
        return pending.length === 0 ? { state: 'done', value: undefined } : { state: 'pending', detail: pending.join('; ') };
      },
    );
  } catch (error) {
    if (error instanceof RolloutFailed) throw await failureError(kube, error.failure);
    if (!(error instanceof WatchTimeout)) throw error;
    throw new HarnessError('DEPLOY', `What was deployed does not run after ${ROLLOUT_TIMEOUT / 1000} s: ${error.message}.`, {
      next: 'Look into it with the kubeconfig that `harness kubeconfig` prints.',
    });
  }
}

function factsFrom(seen: Watched<string>, namespaces: string[], startedAt: Readonly<Record<string, number>>): RolloutFacts {
  const all = (kind: keyof typeof KINDS) => namespaces.flatMap((namespace) => seen[`${namespace}/${kind}`] ?? []);
  return {
    deployments: all('deployments'),
    statefulSets: all('statefulsets'),
    daemonSets: all('daemonsets'),
    replicaSets: all('replicasets'),
    jobs: all('jobs'),
    pods: all('pods'),
    startedAt,
  };
}

/** Everything a user needs to see of a pod that does not come up. */
async function failureError(kube: Kube, failure: PodFailure): Promise<HarnessError> {
  const { pod, namespace, container, reason, message } = failure;
  const where = container === undefined ? `The pod ${pod}` : `The container ${container} of the pod ${pod}`;
  const [events, log] = await Promise.all([
    lastEvents(kube, namespace, pod),
    container === undefined ? '' : lastLog(kube, namespace, pod, container),
  ]);
  const detail = [message, events && `Events:\n${events}`, log && `Last log lines:\n${log}`].filter((part) => part !== '').join('\n');
  return new HarnessError('DEPLOY', `${where} in the namespace ${namespace} does not come up: ${reason}.`, {
    detail,
    next: adviceFor(reason),
  });
}

function adviceFor(reason: string): string {
  if (/^(Err)?Image|InvalidImageName/.test(reason)) {
    return 'Check the `image:` in the manifest: a configured image must be named by its name or repository, any other must be one that the node can pull.';
  }
  if (reason === 'Unschedulable') return 'Lower what the pod requests, or give the cluster more nodes (`cluster.nodes`).';
  return 'Correct the program or its settings in the manifest, and try again.';
}

async function lastEvents(kube: Kube, namespace: string, pod: string): Promise<string> {
  const { items } = await kube.core.listNamespacedEvent({ namespace, fieldSelector: `involvedObject.name=${pod}` });
  const line = (event: CoreV1Event) =>
    `  ${event.type} ${event.reason}${(event.count ?? 1) > 1 ? ` (${event.count} times)` : ''}: ${event.message}`;
  return items.slice(-8).map(line).join('\n');
}

/** Of the container before this one where it was restarted: there the reason stands. */
async function lastLog(kube: Kube, namespace: string, name: string, container: string): Promise<string> {
  for (const previous of [true, false]) {
    try {
      const text = await kube.core.readNamespacedPodLog({ name, namespace, container, previous, tailLines: LOG_LINES });
      if (text) return text.trimEnd().replace(/^/gm, '  ');
    } catch (error) {
      if (statusOf(error) === undefined) throw error; // a 400 says that there is no such log
    }
  }
  return '';
}
