import type { CoreV1Event, V1Pod } from '@kubernetes/client-node';
import { HarnessError } from '../core/error.ts';
import { kubeFind, kubeList, type KubeAccess } from '../kubernetes/api.ts';
import { lastLog } from './last-log.ts';
import type { PodFailure } from './workload.ts';

const EVENTS = 8;

/** The error for a pod that failed, with its events and last log lines. */
export async function rolloutError(kube: KubeAccess, failure: PodFailure): Promise<HarnessError> {
  const { pod, namespace, reason, message } = failure;
  const container = failure.container ?? (await failedContainer(kube, namespace, pod));
  const subject = failure.subject ?? (container === undefined ? `Pod ${pod}` : `Container ${container} of pod ${pod}`);
  const [events, log] = await Promise.all([
    lastEvents(kube, namespace, pod),
    container === undefined ? '' : lastLog(kube, namespace, pod, container),
  ]);
  const detail = [message, events && `Events:\n${events}`, log && `Last log lines:\n${log}`]
    .filter((part) => part !== '')
    .join('\n');
  return new HarnessError('DEPLOY', `${subject} in namespace ${namespace} failed: ${reason}.`, {
    detail,
    next: adviceFor(reason),
  });
}

/** The container that made a pod as a whole fail, such as the pod of a job. */
async function failedContainer(kube: KubeAccess, namespace: string, name: string): Promise<string | undefined> {
  // It may have been deleted meanwhile.
  const { status } = (await kubeFind<V1Pod>(kube, `/api/v1/namespaces/${namespace}/pods/${name}`)) ?? {};
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return containers.find(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0)?.name;
}

/** What to do about a pod that failed for this reason. */
export function adviceFor(reason: string): string {
  if (reason === 'ErrImageNeverPull') {
    return 'If it is a configured image, run `harness load-if-needed` and try again. Otherwise load it yourself, or remove `imagePullPolicy: Never` from the manifest.';
  }
  if (/^(Err)?Image|InvalidImageName/.test(reason)) {
    return 'Check the `image:` in the manifest. Refer to a configured image by its name or repository; the node must be able to pull any other image.';
  }
  if (reason === 'FailedCreate')
    return 'The server forbids its pods. Change what the message names: the quota or policy of the namespace, or the pod template.';
  if (reason === 'CrashLoopBackOff')
    return 'Fix the program or its settings in the manifest, and try again. If it only needs more time, raise `deploy.maxRestarts`.';
  if (reason === 'Unschedulable')
    return "Lower the pod's resource requests, or add nodes to the cluster (`cluster.nodes`).";
  return 'Fix the program or its settings in the manifest, and try again.';
}

async function lastEvents(kube: KubeAccess, namespace: string, pod: string): Promise<string> {
  const query = new URLSearchParams({ fieldSelector: `involvedObject.name=${pod}` });
  const { items } = await kubeList<CoreV1Event>(kube, `/api/v1/namespaces/${namespace}/events?${query.toString()}`);
  const line = ({ type, reason, message, count = 1 }: CoreV1Event) =>
    `  ${type} ${reason}${count > 1 ? ` (${count} times)` : ''}: ${message}`;
  return items.slice(-EVENTS).map(line).join('\n');
}
