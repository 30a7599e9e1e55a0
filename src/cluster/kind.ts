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
  signal?: AbortSignal;
  onLine?: (line: string) => void;
}

/**
 * Creates a kind cluster. Its kubeconfig goes to the given file only; the user's own is not
 * touched.
 * @throws HarnessError CLUSTER with kind's own words; DISK_FULL when that is why
 */
export async function createCluster(request: CreateRequest): Promise<void> {
  const { name, config, image, kubeconfig, signal, onLine } = request;
  const result = await tryRun(
    ['kind', 'create', 'cluster', '--name', name, '--image', image, '--kubeconfig', kubeconfig, '--config', '-'],
    {
      input: config,
      code: 'CLUSTER',
      ...(signal === undefined ? {} : { signal }),
      ...(onLine === undefined ? {} : { onLine }),
    },
  );
  if (result.exitCode === 0) return;
  throw creationError(name, result.all);
}

function creationError(name: string, output: string): HarnessError {
  const detail = tail(output);
  if (saysDiskFull(output)) return diskFull(`The disk is full: could not create the cluster ${name}.`, { detail });
  const port = /port is already allocated|address already in use/i.exec(output);
  if (port) {
    const which = /(?:bind for |listen tcp\S* )(\S+:\d+)/i.exec(output)?.[1];
    return new HarnessError(
      'CLUSTER',
      `The cluster ${name} could not be created: the port ${which ?? 'it needs'} is taken.`,
      {
        detail,
        next: 'End what listens there (`docker ps` shows containers with their ports), or choose another port in the kind configuration.',
      },
    );
  }
  if (output.includes('could not find a log line that matches')) {
    return new HarnessError(
      'CLUSTER',
      `The cluster ${name} could not be created: a node ended as soon as it was started.`,
      {
        detail,
        next: 'Most often the kernel has no inotify instance left, because other clusters run: stop those that nobody needs, or raise the limit that `harness doctor` shows.',
      },
    );
  }
  return new HarnessError('CLUSTER', `The cluster ${name} could not be created.`, {
    detail,
    next: 'Run `harness doctor`; with --verbose the whole output of kind is shown.',
  });
}

/** Deletes a kind cluster and all its containers. The caller has proved that it is ours. */
export async function deleteCluster(name: string, kubeconfig: string): Promise<void> {
  await run(['kind', 'delete', 'cluster', '--name', name, '--kubeconfig', kubeconfig], { code: 'CLUSTER' });
}

/** The kubeconfig of a running cluster, as kind makes it. */
export async function clusterKubeconfig(name: string): Promise<string> {
  return (await run(['kind', 'get', 'kubeconfig', '--name', name], { code: 'CLUSTER' })).stdout;
}
