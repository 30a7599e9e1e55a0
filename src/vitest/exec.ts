import type { KubeConfig, V1ContainerStatus, V1Pod, V1Status } from '@kubernetes/client-node';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { printable } from '../machine/process.ts';
import { watchUntil, WatchTimeout } from '../kubernetes/watch.ts';
import { messageOf } from '../core/error.ts';
import { seconds } from '../core/words.ts';
import { describe } from '../deploying/judge-condition.ts';
import { blacken } from '../kubernetes/redact.ts';
import { isReady } from '../deploying/judge-workload.ts';
import { failure } from './failure.ts';
import type { Namespace, What } from './namespace.ts';
import { podsMeant, podsPath } from './pods.ts';
import { secretsIn } from './secrets.ts';

export interface ExecOptions {
  /** Default: the pod's first container. */
  container?: string;
  /** Milliseconds until a pod must run. Default: until a moment before the test's own time-out. */
  deadline?: number;
}

export interface ExecResult {
  stdout: string;
  stderr: string;
  exitCode: number;
}

/** What is used of a web socket, whose own types are not installed with the library. */
interface Closable {
  onclose: (() => void) | null;
}

/** See `Namespace.exec`. */
export async function execIn(namespace: Namespace, what: What, argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
  const pod = await runningPod(namespace, what, options);
  const name = pod.metadata?.name ?? '';
  const container = options.container ?? pod.spec?.containers[0]?.name ?? '';
  // Not through the library's index, which takes half a second to load.
  const { Exec } = await import('@kubernetes/client-node/dist/exec.js');
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const outputs = Promise.all([text(stdout), text(stderr)]);
  const status = await new Promise<V1Status>((resolve, reject) => {
    const config = namespace.cluster.kube.config as KubeConfig; // as much of it as is used there
    new Exec(config).exec(namespace.name, name, container, [...argv], stdout, stderr, null, false, resolve).then((socket: Closable) => {
      socket.onclose = () => reject(new Error('the connection was closed')); // after the status that is too late to matter
    }, reject);
  }).catch((error: unknown) => {
    throw failure(`\`${printable(argv)}\` could not be run in the pod ${name}: ${messageOf(error)}.`, { cause: error });
  });
  const [out, err] = await outputs;
  if (status.status === 'Success') return { stdout: out, stderr: err, exitCode: 0 };
  const given = status.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  if (given === undefined) throw failure(`\`${printable(argv)}\` could not be run in the pod ${name}: ${status.message}.`);
  const detail = blacken(`${out}${err}`.trimEnd(), await secretsIn(namespace));
  const error = failure(`\`${printable(argv)}\` ended with exit code ${given} in the pod ${name}.`, { detail });
  throw Object.assign(error, { exitCode: Number(given), stdout: out, stderr: err });
}

/** A pod whose container runs: a ready one where there is one. */
async function runningPod(namespace: Namespace, what: What, { container, deadline }: ExecOptions): Promise<V1Pod> {
  const { words, includes } = await podsMeant(namespace, what);
  const { patience, signal } = namespace.scope.options;
  const timeout = deadline ?? patience();
  const watch = { paths: { pods: podsPath(namespace) }, timeout, ...(signal === undefined ? {} : { signal }) };
  try {
    return await watchUntil(namespace.cluster.kube, watch, (seen) => {
      const pods = (seen.pods as V1Pod[]).filter((pod) => includes(pod) && pod.metadata?.deletionTimestamp === undefined);
      const running = pods.filter((pod) => statusOfContainer(pod, container)?.state?.running !== undefined);
      const pod = running.find(isReady) ?? running[0];
      if (pod) return { state: 'done', value: pod };
      return { state: 'pending', detail: pods[0] ? describe(pods[0]) : 'there is none' };
    });
  } catch (error) {
    if (!(error instanceof WatchTimeout)) throw error;
    throw failure(`Waited ${seconds(timeout)} for ${words} to run.`, { detail: `last seen: ${error.message}` });
  }
}

function statusOfContainer({ spec, status }: V1Pod, name = spec?.containers[0]?.name): V1ContainerStatus | undefined {
  return status?.containerStatuses?.find((container) => container.name === name);
}
