import type { V1Pod } from '@kubernetes/client-node';
import { isFromBefore } from '../cluster/judge-health.ts';
import { count } from '../core/words.ts';
import { crashedContainers, isReady, podFailure } from './judge-pod.ts';
import { refusedPod } from './judge-refused-pods.ts';
import { workloadStatus } from './judge-workload-status.ts';
import type { RolloutFacts, Workload, WorkloadState } from './workload.ts';

/** Whether a workload runs as it was applied, with no pod of an earlier version left. */
export function judgeWorkload(workload: Workload, facts: RolloutFacts): WorkloadState {
  const { pods, detail, failure, remark } = workloadStatus(workload, facts);
  if (failure) return { state: 'failed', failure };
  const current = pods.filter((pod) => pod.current);
  const { loaded, patience } = facts;
  const roomExpected = pods.length > current.length;
  for (const { pod } of current) {
    const failed = podFailure(pod, { roomExpected, loaded, patience, ofJob: workload.kind === 'Job' });
    if (failed) return { state: 'failed', failure: failed };
  }
  const refused = detail === undefined || roomExpected ? undefined : refusedPod(workload, facts);
  if (refused) return { state: 'failed', failure: refused };
  const pending = detail ?? unfinishedPod(pods, facts);
  if (pending === undefined) return remark === undefined ? { state: 'ready' } : { state: 'ready', remark };
  const crashed = current.map(({ pod }) => crashIn(pod)).find((crash) => crash !== undefined);
  const full = crashed === undefined ? pending : `${pending}; ${crashed}`;
  return { state: 'pending', detail: `${workload.kind} ${workload.name}: ${full}` };
}

function crashIn(pod: V1Pod): string | undefined {
  const [container] = crashedContainers(pod);
  if (!container) return undefined;
  const { name, restartCount } = container;
  return `container ${name} of pod ${pod.metadata?.name} crashes (${count(restartCount, 'restart')})`;
}

/** What one of the pods still has to do; undefined when none has anything to do. */
function unfinishedPod(pods: ReturnType<typeof workloadStatus>['pods'], facts: RolloutFacts): string | undefined {
  const leaving = pods.find(({ pod, current }) => !current || pod.metadata?.deletionTimestamp !== undefined);
  if (leaving) return `the earlier pod ${leaving.pod.metadata?.name} is ending`;
  const stale = pods.find(({ pod }) => isFromBefore(pod, facts.startedAt));
  if (stale) return `the pod ${stale.pod.metadata?.name} has not been restarted`;
  // The workload's own status may be older than the status of its pods: after a restart its
  // controller needs some seconds to update it.
  const unready = pods.find(({ pod }) => !isReady(pod));
  return unready && `the pod ${unready.pod.metadata?.name} is not ready`;
}
