import type { V1Pod } from '@kubernetes/client-node';
import { HarnessError } from '../core/error.ts';
import type { KubeAccess } from '../kubernetes/api.ts';
import { deleteObject } from '../kubernetes/delete.ts';
import { WatchTimeout, watchUntil, type Watched } from '../kubernetes/watch.ts';
import { crashReporter } from './crash-reporter.ts';
import { podsToReplace } from './decide-pod-replacement.ts';
import { STEADY_MS } from './judge-pod.ts';
import { servicesLack } from './judge-services.ts';
import { judgeWorkload } from './judge-workload.ts';
import { rolloutError } from './rollout-error.ts';
import { objectsIn, pathsFor } from './rollout-objects.ts';
import type { LoadedImages, Patience, PodFailure, RolloutFacts, Workload } from './workload.ts';

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
  /** Restarts of one container after which it has failed. Default: DEFAULT_MAX_RESTARTS. */
  maxRestarts?: number | undefined;
  /** Whether something in the deployment may create a missing ConfigMap or Secret. */
  mayAppear?: boolean;
  progress: (detail: string) => void;
  /** Told what the user may not expect, each once. */
  note?: ((message: string) => void) | undefined;
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

/**
 * Watches workloads until one of them fails or the signal ends it.
 * @throws HarnessError DEPLOY as `waitForRollout`, but never because of the time
 */
export async function watchForFailure(
  kube: KubeAccess,
  workloads: Workload[],
  options: RolloutOptions,
): Promise<never> {
  const namespaces = namespacesOf(workloads);
  const check = checkOf(kube, workloads, namespaces, options);
  const watch = { paths: pathsFor(workloads), timeout: FOREVER_MS, signal: options.signal };
  try {
    return await watchUntil<string, never>(kube, watch, (seen) => {
      check(seen);
      return { state: 'pending', detail: '' };
    });
  } catch (error) {
    if (error instanceof RolloutFailed) throw await rolloutError(kube, error.failure);
    throw error;
  }
}

/** The longest time that a timer can have. */
const FOREVER_MS = 2 ** 31 - 1;

/** Names the missing parts of a rollout, as far as the watched objects show. */
type Check = (seen: Watched<string>) => string[];

function namespacesOf(workloads: readonly Workload[]): string[] {
  return [...new Set(workloads.map(({ namespace }) => namespace))];
}

/** The check of a rollout that begins now. It also does what the rollout needs to get on. */
function checkOf(kube: KubeAccess, workloads: Workload[], namespaces: string[], options: RolloutOptions): Check {
  const { startedAt, loaded, mayAppear = false, maxRestarts = DEFAULT_MAX_RESTARTS, note = () => undefined } = options;
  const notes = new Set<string>();
  const once = (message: string) => {
    if (!notes.has(message)) note(message);
    notes.add(message);
  };
  const replacePods = podReplacer(kube, workloads, once);
  const reportCrashes = crashReporter(kube, note);
  let patience: Patience | undefined;
  return (seen) => {
    const objects = objectsIn(seen, namespaces);
    const restartsBefore = patience?.restartsBefore ?? restartsOf(objects.pods);
    patience ??= { maxRestarts, mayAppear, restartsBefore, since: loaded.at };
    const facts: RolloutFacts = { ...objects, startedAt, loaded, patience };
    replacePods(facts);
    reportCrashes(workloads, facts);
    return missingParts(workloads, facts, once);
  };
}

/** As Kubernetes does it, five restarts take two and a half minutes. */
const DEFAULT_MAX_RESTARTS = 5;

/** How often each container has been restarted, by `<pod's uid>/<name>`. */
function restartsOf(pods: readonly V1Pod[]): Map<string, number> {
  const containers = pods.flatMap(({ metadata, status }) =>
    [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].map(
      ({ name, restartCount }) => [`${metadata?.uid}/${name}`, restartCount] as const,
    ),
  );
  return new Map(containers);
}

/** @throws RolloutFailed, WatchTimeout */
async function waitUntilSteady(kube: KubeAccess, workloads: Workload[], options: RolloutOptions): Promise<void> {
  const { unprobed, progress, signal } = options;
  const namespaces = namespacesOf(workloads);
  const watch = { paths: pathsFor(workloads), onPending: progress, signal };
  const check = checkOf(kube, workloads, namespaces, options);
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
function missingParts(workloads: Workload[], facts: RolloutFacts, note: (message: string) => void): string[] {
  const pending = workloads.flatMap((workload) => {
    const judged = judgeWorkload(workload, facts);
    if (judged.state === 'failed') throw new RolloutFailed(judged.failure);
    if (judged.state === 'pending') return [judged.detail];
    if (judged.remark !== undefined) note(judged.remark);
    return [];
  });
  const unreached = servicesLack(facts);
  return unreached === undefined ? pending : [...pending, unreached];
}

/** Deletes pods that hold up a rollout, each once. */
function podReplacer(
  kube: KubeAccess,
  workloads: Workload[],
  note: (message: string) => void,
): (facts: RolloutFacts) => void {
  const deleted = new Set<string>();
  return (facts) => {
    for (const { pod, reason } of podsToReplace(workloads, facts)) {
      const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
      if (deleted.has(uid)) continue;
      deleted.add(uid);
      if (reason !== undefined) note(`replacing pod ${name}, which is of an earlier version: ${reason}`);
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
