import { rmSync } from 'node:fs';
import { HarnessError } from '../core/error.ts';
import { diskFull, saysDiskFull } from '../machine/disk-full.ts';
import { run, tail, tryRun } from '../machine/process.ts';

/** Milliseconds that kind may print nothing. It names each of its steps. */
const SILENCE = 900_000;
const DELETE_TIMEOUT = 300_000;
const GET_TIMEOUT = 120_000;

export interface CreateRequest {
  name: string;
  /** Text of the kind configuration. It names the image of each node. */
  config: string;
  /** The directory where kind runs, at which relative paths in the configuration start. */
  directory: string;
  kubeconfig: string;
  /** The environment that names the engine. */
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal | undefined;
  onLine?: ((line: string) => void) | undefined;
}

/**
 * Creates a kind cluster. Writes its kubeconfig to the given file only and leaves the user's own
 * alone.
 * @throws HarnessError CLUSTER with kind's output; DISK_FULL when the disk is full
 */
export async function createCluster(request: CreateRequest): Promise<void> {
  const { name, config, directory, kubeconfig, env, signal, onLine } = request;
  removeStaleLock(kubeconfig);
  const result = await tryRun(
    ['kind', 'create', 'cluster', '--name', name, '--kubeconfig', kubeconfig, '--config', '-'],
    {
      cwd: directory,
      input: config,
      code: 'CLUSTER',
      keepStdout: false,
      baseEnv: env,
      silence: SILENCE,
      signal,
      onLine,
    },
  );
  if (result.exitCode === 0) return;
  throw creationError(name, result.all);
}

function creationError(name: string, output: string): HarnessError {
  const detail = tail(output);
  if (saysDiskFull(output)) return diskFull(`The disk is full: could not create cluster ${name}.`, { detail });
  if (/port is already allocated|address already in use/i.test(output)) {
    const address = /(?:bind for |listen tcp\S* )(\S+:\d+)/i.exec(output)?.[1];
    return new HarnessError(
      'CLUSTER',
      `Could not create cluster ${name}: ${address ?? 'a port it needs'} is already in use.`,
      {
        detail,
        next: 'Stop the program that listens there (`docker ps` shows containers with their ports), or choose another port in the kind configuration.',
      },
    );
  }
  if (output.includes('could not find a log line that matches')) {
    return new HarnessError('CLUSTER', `Could not create cluster ${name}: a node stopped right after its start.`, {
      detail,
      next: 'The usual cause is that other clusters use all inotify instances of the kernel. Stop clusters that you do not need, or raise the limit that `harness doctor` shows.',
    });
  }
  return new HarnessError('CLUSTER', `Could not create cluster ${name}.`, {
    detail,
    next: 'Run `harness doctor`, or run the command again with `--verbose` to see the full output of kind.',
  });
}

/** Deletes a kind cluster and all its containers. The caller has proved that it is ours. */
export async function deleteCluster(
  name: string,
  kubeconfig: string,
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<void> {
  removeStaleLock(kubeconfig);
  await run(['kind', 'delete', 'cluster', '--name', name, '--kubeconfig', kubeconfig], {
    code: 'CLUSTER',
    baseEnv: env,
    timeout: DELETE_TIMEOUT,
    signal,
  });
}

/** The kubeconfig of a running cluster, as kind writes it. */
export async function clusterKubeconfig(name: string, env: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<string> {
  const options = { code: 'CLUSTER', baseEnv: env, timeout: GET_TIMEOUT, signal } as const;
  return (await run(['kind', 'get', 'kubeconfig', '--name', name], options)).stdout;
}

/**
 * Removes the lock that a killed kind left beside the kubeconfig. kind would fail at its last step,
 * each time. The caller holds the cluster's own lock, so that no other kind works on this file.
 */
function removeStaleLock(kubeconfig: string): void {
  rmSync(`${kubeconfig}.lock`, { force: true });
}
