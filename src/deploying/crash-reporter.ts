import type { V1Pod } from '@kubernetes/client-node';
import type { KubeAccess } from '../kubernetes/api.ts';
import { crashedContainers } from './judge-pod.ts';
import { workloadStatus } from './judge-workload-status.ts';
import { lastLog } from './last-log.ts';
import type { RolloutFacts, Workload } from './workload.ts';

/**
 * Tells of each container that crashes, once, with the last line of its log: Kubernetes restarts it,
 * and that may take until the timeout.
 */
export function crashReporter(
  kube: KubeAccess,
  note: (message: string) => void,
): (workloads: readonly Workload[], facts: RolloutFacts) => void {
  const told = new Set<string>();
  return (workloads, facts) => {
    const pods = workloads.flatMap((workload) => workloadStatus(workload, facts).pods);
    for (const { pod, current } of pods) {
      if (!current || pod.metadata?.deletionTimestamp !== undefined) continue;
      for (const container of crashedContainers(pod)) {
        const id = `${pod.metadata?.uid}/${container.name}`;
        if (told.has(id)) continue;
        told.add(id);
        const ended = container.state?.terminated ?? container.lastState?.terminated;
        void tell(kube, pod, container.name, ended?.exitCode, note);
      }
    }
  };
}

async function tell(
  kube: KubeAccess,
  { metadata }: V1Pod,
  container: string,
  exitCode: number | undefined,
  note: (message: string) => void,
): Promise<void> {
  const { name = '', namespace = '' } = metadata ?? {};
  const log = await lastLog(kube, namespace, name, container).catch(() => '');
  const line = log.split('\n').at(-1)?.trim() ?? '';
  const code = exitCode === undefined ? '' : ` with exit code ${exitCode}`;
  note(`container ${container} of pod ${name} crashed${code} and is restarted${line === '' ? '' : `: ${line}`}`);
}
