import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import type { LoadedImages, Patience, PodFailure } from './workload.ts';

/** Whether Kubernetes calls a pod ready. */
export function isReady(pod: V1Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/**
 * Milliseconds that a container without a readiness probe must run before it counts as steady.
 * Kubernetes calls it ready as soon as it has started, and notices a crash about a second later.
 * `startedAt` is rounded down to whole seconds, so up to one second of these is lost; two remain
 * for the kubelet to notice and for the API server to report it.
 */
export const STEADY_MS = 3_000;

/** When a pod counts as steady, milliseconds since the epoch; 0 if every container has a probe. */
export function steadyAt({ spec, status }: V1Pod): number {
  const unprobed = (spec?.containers ?? []).filter(({ readinessProbe }) => !readinessProbe).map(({ name }) => name);
  const starts = (status?.containerStatuses ?? [])
    .filter(({ name }) => unprobed.includes(name))
    .flatMap(({ state }) =>
      state?.running?.startedAt === undefined ? [] : [new Date(state.running.startedAt).getTime() + STEADY_MS],
    );
  return Math.max(0, ...starts);
}

/** The image is not in the node, and its pull policy is `Never`. */
const NEVER_PULLED = 'ErrImageNeverPull';

/**
 * Waiting reasons that do not go away by waiting. `ErrImagePull` is not among them: its second try
 * is called ImagePullBackOff.
 */
const PERMANENT_REASONS = [
  'ImagePullBackOff',
  'InvalidImageName',
  NEVER_PULLED,
  'CreateContainerError',
  'RunContainerError',
];

/** A ConfigMap, a Secret or a key of one is missing, or the configuration contradicts itself. */
const CONFIG_ERROR = 'CreateContainerConfigError';

const CRASH_LOOP = 'CrashLoopBackOff';

/** Why a container that ended could not even be started, such as a program that is not in it. */
const NEVER_STARTED = ['StartError', 'ContainerCannotRun'];

/** What a failure is judged by besides the pod. */
export interface Circumstances {
  /** Whether earlier pods are about to make room on the nodes. */
  roomExpected: boolean;
  /** What was loaded into the nodes before the pod was looked at. */
  loaded?: LoadedImages | undefined;
  /** Absent: a crash loop is a failure. */
  patience?: Patience | undefined;
  /** Whether a Job counts the failures of its pods itself. */
  ofJob?: boolean;
}

/** Why a pod will not start; undefined if it still may. */
export function podFailure(pod: V1Pod, circumstances: Circumstances): PodFailure | undefined {
  if (pod.metadata?.deletionTimestamp !== undefined) return undefined;
  const { roomExpected } = circumstances;
  const place = { pod: pod.metadata?.name ?? '', namespace: pod.metadata?.namespace ?? '' };
  const { status } = pod;
  for (const container of containersIn(pod)) {
    const failure = containerFailure(pod, container, circumstances);
    if (failure) return { ...place, container: container.name, ...failure };
  }
  if (status?.phase === 'Failed') {
    return { ...place, reason: status.reason ?? 'Failed', message: status.message ?? 'the pod ended with an error' };
  }
  const scheduled = status?.conditions?.find((condition) => condition.type === 'PodScheduled');
  const message = scheduled?.message ?? '';
  const unschedulable = scheduled?.status === 'False' && scheduled.reason === 'Unschedulable';
  if (!unschedulable || roomExpected || mayStillFit(message)) return undefined;
  return { ...place, reason: 'Unschedulable', message };
}

/** The containers of a pod that have crashed and are to be restarted. */
export function crashedContainers(pod: V1Pod): V1ContainerStatus[] {
  return containersIn(pod).filter(({ state, restartCount }) => {
    if (state?.waiting?.reason === CRASH_LOOP) return true;
    return restartCount > 0 && (state?.terminated?.exitCode ?? 0) !== 0;
  });
}

function containersIn({ status }: V1Pod): V1ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
}

function containerFailure(
  pod: V1Pod,
  { name, state, lastState, restartCount }: V1ContainerStatus,
  { loaded, patience, ofJob }: Circumstances,
): { reason: string; message: string } | undefined {
  const { reason, message = '' } = state?.waiting ?? {};
  if (reason === NEVER_PULLED) {
    const image = imageOf(pod, name);
    return isOlderThanLoad(pod, image, loaded) ? undefined : { reason, message: missingImage(pod, image) };
  }
  if (reason === CONFIG_ERROR) {
    const mayAppear = patience?.mayAppear === true && /not found|couldn't find key/i.test(message);
    return mayAppear ? undefined : { reason, message };
  }
  if (reason === CRASH_LOOP) {
    const last = lastState?.terminated;
    if (last !== undefined && NEVER_STARTED.includes(last.reason ?? ''))
      return { reason: last.reason ?? reason, message: last.message ?? message };
    if (!patience) return { reason, message };
    const before = patience.restartsBefore.get(`${pod.metadata?.uid}/${name}`) ?? 0;
    return ofJob || restartCount - before < patience.maxRestarts ? undefined : { reason, message };
  }
  return reason !== undefined && PERMANENT_REASONS.includes(reason) ? { reason, message } : undefined;
}

function imageOf({ spec }: V1Pod, container: string): string {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  return containers.find(({ name }) => name === container)?.image ?? '';
}

/** Creation times are rounded down to whole seconds. */
const ROUNDING_MS = 1_000;

/**
 * Whether a pod may not have noticed yet that its image was loaded: it was created before. The
 * kubelet looks again within some seconds.
 */
function isOlderThanLoad({ metadata }: V1Pod, image: string, loaded: LoadedImages | undefined): boolean {
  if (loaded === undefined || !loaded.references.includes(image) || metadata?.creationTimestamp === undefined)
    return false;
  return new Date(metadata.creationTimestamp).getTime() + ROUNDING_MS <= loaded.at;
}

function missingImage({ spec }: V1Pod, image: string): string {
  return `Node ${spec?.nodeName ?? 'of the pod'} does not have image ${image}; with \`imagePullPolicy: Never\` it is not pulled.`;
}

/**
 * Volumes that are being provisioned and nodes that are starting make a pod unschedulable only for
 * a moment.
 */
function mayStillFit(message: string): boolean {
  return /persistentvolumeclaim|unbound|volume|not-ready|unreachable|no nodes available/i.test(message);
}
