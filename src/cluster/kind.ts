import { HarnessError } from '../core/error.ts';
import { diskFull, saysDiskFull } from '../machine/disk-full.ts';
import { run, tail, tryRun } from '../machine/process.ts';

export interface CreateRequest {
  name: string;
  /** Text of the kind configuration. */
  config: string;
  /** Reference of the node image. */
  image: string;
  kubeconfig: string;
  signal?: AbortSignal | undefined;
  onLine?: ((line: string) => void) | undefined;
}

/**
 * Creates a kind cluster. Writes its kubeconfig to the given file only and leaves the user's own
 * alone.
 * @throws HarnessError CLUSTER with kind's output; DISK_FULL when the disk is full
 */
export async function createCluster(request: CreateRequest): Promise<void> {
  const { name, config, image, kubeconfig, signal, onLine } = request;
  const result = await tryRun(
    ['kind', 'create', 'cluster', '--name', name, '--image', image, '--kubeconfig', kubeconfig, '--config', '-'],
    {
      input: config,
      code: 'CLUSTER',
      keepStdout: false,
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
export async function deleteCluster(name: string, kubeconfig: string): Promise<void> {
  await run(['kind', 'delete', 'cluster', '--name', name, '--kubeconfig', kubeconfig], { code: 'CLUSTER' });
}

/** The kubeconfig of a running cluster, as kind writes it. */
export async function clusterKubeconfig(name: string): Promise<string> {
  return (await run(['kind', 'get', 'kubeconfig', '--name', name], { code: 'CLUSTER' })).stdout;
}
