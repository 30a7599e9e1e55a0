import { isFromBefore } from '../cluster/judge-health.ts';
import { isReady, podFailure } from './judge-pod.ts';
import { workloadStatus } from './judge-workload-status.ts';
import type { RolloutFacts, Workload, WorkloadState } from './workload.ts';

/** Whether a workload runs as it was applied, with no pod of an earlier version left. */
export function judgeWorkload(workload: Workload, facts: RolloutFacts): WorkloadState {
  const { pods, detail, failure } = workloadStatus(workload, facts);
  if (failure) return { state: 'failed', failure };
  const current = pods.filter((pod) => pod.current);
  for (const { pod } of current) {
    const failed = podFailure(pod, pods.length > current.length, facts.loaded);
    if (failed) return { state: 'failed', failure: failed };
  }
  const pending = detail ?? unfinishedPod(pods, facts);
  if (pending === undefined) return { state: 'ready' };
  return { state: 'pending', detail: `${workload.kind} ${workload.name}: ${pending}` };
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
