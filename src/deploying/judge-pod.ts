import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import type { LoadedImages, PodFailure } from './workload.ts';

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
  'CrashLoopBackOff',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
];

/**
 * Why a pod will not start; undefined if it still may.
 * @param roomExpected whether earlier pods are about to make room on the nodes
 * @param loaded what was loaded into the nodes before the pod was looked at
 */
export function podFailure(pod: V1Pod, roomExpected: boolean, loaded?: LoadedImages): PodFailure | undefined {
  if (pod.metadata?.deletionTimestamp !== undefined) return undefined;
  const place = { pod: pod.metadata?.name ?? '', namespace: pod.metadata?.namespace ?? '' };
  const { status } = pod;
  const containers: V1ContainerStatus[] = [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
  ];
  for (const { name, state } of containers) {
    const { reason, message = '' } = state?.waiting ?? {};
    if (reason === undefined || !PERMANENT_REASONS.includes(reason)) continue;
    if (reason !== NEVER_PULLED) return { ...place, container: name, reason, message };
    const image = imageOf(pod, name);
    if (isOlderThanLoad(pod, image, loaded)) continue;
    return { ...place, container: name, reason, message: missingImage(pod, image) };
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
