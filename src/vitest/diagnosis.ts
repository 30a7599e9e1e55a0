import type { CoreV1Event, KubernetesObject, V1Pod } from '@kubernetes/client-node';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { makeStateDirectory } from '../machine/state-file.ts';
import { watchUntil, WatchTimeout } from '../kubernetes/watch.ts';
import { kubeList, type KubeObject } from '../kubernetes/api.ts';
import { messageOf } from '../core/error.ts';
import { STEADY_MS, steadyAt } from '../deploying/judge-condition.ts';
import { findings, type Seen } from '../plan/findings.ts';
import { blacken, presentable } from '../kubernetes/redact.ts';
import { slug } from '../plan/test-namespace.ts';
import { containerLog } from './logs.ts';
import type { Namespace } from './namespace.ts';
import { podsPath } from './pods.ts';
import type { Scope } from './scope.ts';
import { secretsIn } from './secrets.ts';

/** What a description of a namespace consists of, besides its pods. */
const DESCRIBED = [
  '/apis/apps/v1/deployments',
  '/apis/apps/v1/statefulsets',
  '/apis/apps/v1/daemonsets',
  '/apis/apps/v1/replicasets',
  '/apis/batch/v1/jobs',
  '/api/v1/services',
  '/apis/discovery.k8s.io/v1/endpointslices',
  '/api/v1/persistentvolumeclaims',
];

/** Lines of each container's log that are kept. */
const LOG_LINES = 2_000;

/**
 * Writes down what a failed test leaves behind, for each namespace that it looked at, and says what of it matters. Values of Secrets are
 * written nowhere.
 * @returns lines for the test's own error message
 */
export async function diagnose(scope: Scope): Promise<string> {
  const { run } = scope.context;
  const parts: string[] = [];
  const all = [...scope.used];
  for (const namespace of new Map(all.map((each) => [each.name, each])).values()) {
    const applied = all.filter(({ name }) => name === namespace.name).flatMap((each) => each.applied);
    try {
      const own = namespace.uid !== undefined;
      const directory = freshDirectory(join(run.artifacts, slug(scope.options.name, 80) || 'test'));
      const lines = await diagnoseNamespace(namespace, directory, applied);
      parts.push(
        `In the namespace ${namespace.name}:`,
        ...lines.map((line) => `  ${line}`),
        `  all of it: ${relative(process.cwd(), directory)}`,
        ...(own && !run.keepNamespaces ? [] : [`  look into it: ${lookInto(scope.context.kubeconfig, namespace.name)}`]),
      );
    } catch (error) {
      parts.push(`In the namespace ${namespace.name}: what went wrong could not be found out: ${messageOf(error)}`);
    }
  }
  return parts.join('\n');
}

/** The command that shows what is in a namespace. */
export function lookInto(kubeconfig: string, namespace: string): string {
  return `kubectl --kubeconfig ${kubeconfig} -n ${namespace} get all`;
}

async function diagnoseNamespace(namespace: Namespace, directory: string, applied: readonly KubeObject[]): Promise<string[]> {
  const { yaml, values, seen, objects } = await gather(namespace);
  const write = (name: string, text: string) => writeFileSync(join(directory, name), blacken(text, values));
  const asYaml = (all: readonly (KubernetesObject | KubeObject)[]) => all.map((object) => yaml(presentable(object))).join('---\n');
  write('pods.yaml', asYaml(seen.pods));
  write('objects.yaml', asYaml(objects));
  write('applied.yaml', asYaml(applied));
  write('events.txt', seen.events.map(eventLine).join(''));
  for (const [container, { current, previous }] of Object.entries(seen.logs)) {
    const name = container.replace('/', '.');
    write(`${name}.log`, current);
    if (previous !== undefined) write(`${name}.previous.log`, previous);
  }
  const lines = findings(seen).map((line) => blacken(line, values));
  write('findings.txt', lines.map((line) => `${line}\n`).join(''));
  if (lines.length > 0) return lines;
  return [seen.pods.length === 0 ? 'there are no pods in it' : 'nothing is wrong with its pods'];
}

async function gather(namespace: Namespace) {
  const { kube } = namespace.cluster;
  await settle(namespace);
  const list = async <T extends KubernetesObject>(path: string): Promise<T[]> => {
    const at = path.lastIndexOf('/');
    return (await kubeList<T>(kube, `${path.slice(0, at)}/namespaces/${namespace.name}${path.slice(at)}`)).items;
  };
  const [{ stringify }, pods, events, values, described] = await Promise.all([
    import('yaml'),
    list<V1Pod>('/api/v1/pods'),
    list<CoreV1Event>('/api/v1/events'),
    secretsIn(namespace),
    Promise.all(DESCRIBED.map((path) => list(path))),
  ]);
  events.sort((a, b) => timeOf(a).localeCompare(timeOf(b)));
  const seen: Seen = { pods, events, logs: await logsOfAll(namespace, pods) };
  return { yaml: stringify, seen, values, objects: described.flat() };
}

/** Waits while a container may have crashed without Kubernetes having noticed: a test fails at once when its peer does. */
async function settle(namespace: Namespace): Promise<void> {
  const newest = (pods: readonly V1Pod[]) => Math.max(0, ...pods.map(steadyAt));
  const timeout = newest((await kubeList<V1Pod>(namespace.cluster.kube, podsPath(namespace))).items) - Date.now();
  if (timeout <= 0) return;
  try {
    await watchUntil(namespace.cluster.kube, { paths: { pods: podsPath(namespace) }, timeout: Math.min(timeout, STEADY_MS) }, (seen) => {
      const wrong = findings({ pods: seen.pods, events: [], logs: {} }).length > 0;
      return wrong ? { state: 'done', value: undefined } : { state: 'pending', detail: '' };
    });
  } catch (error) {
    if (!(error instanceof WatchTimeout)) throw error;
  }
}

async function logsOfAll(namespace: Namespace, pods: readonly V1Pod[]): Promise<Seen['logs']> {
  const logs = pods.flatMap(({ metadata, status }) => {
    const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
    return containers.map(async ({ name, restartCount }) => {
      const pod = metadata?.name ?? '';
      const [current, previous] = await Promise.all([
        containerLog(namespace, pod, name, { tail: LOG_LINES }),
        restartCount > 0 ? containerLog(namespace, pod, name, { tail: LOG_LINES, previous: true }) : undefined,
      ]);
      return [`${pod}/${name}`, { current, ...(previous === undefined ? {} : { previous }) }] as const;
    });
  });
  return Object.fromEntries(await Promise.all(logs));
}

function timeOf({ lastTimestamp, eventTime, metadata }: CoreV1Event): string {
  return String(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '');
}

function eventLine(event: CoreV1Event): string {
  const { type, reason, message, count = 1, involvedObject } = event;
  return `${timeOf(event)} ${type} ${involvedObject.kind} ${involvedObject.name}: ${reason}${count > 1 ? ` (${count} times)` : ''}: ${message}\n`;
}

/** A directory that nothing was written to yet: a test may fail twice in one run, and look at two namespaces. */
function freshDirectory(path: string): string {
  makeStateDirectory(join(path, '..'));
  for (let n = 1; ; n++) {
    const directory = n === 1 ? path : `${path}-${n}`;
    try {
      mkdirSync(directory);
      return directory;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
}
