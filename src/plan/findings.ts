import type { CoreV1Event, V1ContainerStatus, V1Pod } from '@kubernetes/client-node';

/** What was seen of a namespace. */
export interface Seen {
  pods: readonly V1Pod[];
  events: readonly CoreV1Event[];
  /** What a container printed, by `pod/container`: the one before it, where it was restarted. */
  logs: Readonly<Record<string, { current: string; previous?: string }>>;
}

const LOG_LINES = 8;
const MOST_LINES = 40;

/** Why pods do not do what they should, in the few lines that matter; none when nothing is wrong with them. */
export function findings(seen: Seen): string[] {
  const lines = [...seen.pods.flatMap((pod) => aboutPod(pod, seen)), ...aboutOthers(seen.events)];
  return lines.length <= MOST_LINES ? lines : [...lines.slice(0, MOST_LINES), `… and ${lines.length - MOST_LINES} more lines`];
}

function aboutPod(pod: V1Pod, seen: Seen): string[] {
  const name = pod.metadata?.name ?? '';
  const { status } = pod;
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status === 'False') return [`pod ${name} is not scheduled: ${scheduled.reason ?? ''}: ${scheduled.message ?? ''}`];
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const lines = containers.flatMap((container) => aboutContainer(name, container, seen));
  if (lines.length > 0) return lines;
  if (status?.phase === 'Failed') return [`pod ${name} failed: ${[status.reason, status.message].filter(Boolean).join(': ')}`];
  const ready = status?.phase === 'Succeeded' || status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True');
  if (ready || pod.metadata?.deletionTimestamp !== undefined) return [];
  const warning = lastWarning(seen.events, (event) => event.involvedObject.name === name);
  return [`pod ${name} is not ready (${status?.phase ?? 'unknown'})${warning === undefined ? '' : `: ${warning}`}`];
}

function aboutContainer(pod: string, container: V1ContainerStatus, { logs, events }: Seen): string[] {
  const where = `container ${container.name} of the pod ${pod}`;
  const crash = [container.state?.terminated, container.lastState?.terminated].find((end) => end !== undefined && end.exitCode !== 0);
  if (crash) {
    const { current = '', previous = '' } = logs[`${pod}/${container.name}`] ?? {};
    // A container that was restarted has its reason in the log of the one before.
    const log = container.state?.terminated?.exitCode ? current || previous : previous || current;
    const restarts =
      container.restartCount === 0 ? '' : `, restarted ${container.restartCount === 1 ? 'once' : `${container.restartCount} times`}`;
    const said = log.trimEnd().split('\n').slice(-LOG_LINES);
    const waiting = container.state?.waiting?.reason;
    return [
      `${where} crashed: exit code ${crash.exitCode} (${crash.reason ?? 'Error'})${waiting === undefined ? '' : `, ${waiting}`}${restarts}`,
      ...(crash.message === undefined ? [] : [`  ${crash.message}`]),
      ...(log.trim() === '' ? ['  it printed nothing'] : said.map((line) => `  | ${line}`)),
    ];
  }
  const waiting = container.state?.waiting;
  if (waiting?.reason === undefined || ['ContainerCreating', 'PodInitializing'].includes(waiting.reason)) return [];
  const message = waiting.message ?? lastWarning(events, (event) => event.involvedObject.name === pod);
  return [`${where} waits: ${waiting.reason}${message === undefined ? '' : `: ${message}`}`];
}

/** What went wrong before there was a pod: a quota, a missing service account, a volume that cannot be had. */
function aboutOthers(events: readonly CoreV1Event[]): string[] {
  const warnings = events.filter(
    (event) => event.type === 'Warning' && event.involvedObject.kind !== 'Pod' && /^Failed/.test(event.reason ?? ''),
  );
  const lines = warnings.map(
    ({ involvedObject, reason, message }) => `${involvedObject.kind} ${involvedObject.name}: ${reason}: ${message}`,
  );
  return [...new Set(lines)].slice(-3);
}

function lastWarning(events: readonly CoreV1Event[], isAbout: (event: CoreV1Event) => boolean): string | undefined {
  return events.findLast((event) => event.type === 'Warning' && isAbout(event))?.message;
}
