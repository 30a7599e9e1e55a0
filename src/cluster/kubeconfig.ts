import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '../config/config.ts';
import { isFile } from '../config/files.ts';
import { HarnessError, messageOf } from '../core/error.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { openAccess } from '../kubernetes/access.ts';
import type { KubeAccess } from '../kubernetes/api.ts';
import { diskFull, saysDiskFull } from '../machine/disk-full.ts';
import { removeState, writeState } from '../machine/state-file.ts';
import type { ClusterNode } from './cluster.ts';
import { kubeconfigPath } from './current.ts';
import { clusterKubeconfig } from './kind.ts';

interface Surroundings {
  engine: DockerEngine;
  config: Config;
  signal?: AbortSignal | undefined;
}

/**
 * Writes the private kubeconfig, mode 0600, with the project's namespace as its default. Its first
 * line names the containers and the namespace that it is for. If they are the same, kind is not
 * asked again.
 * @throws HarnessError CLUSTER, DISK_FULL when the file cannot be read or written
 */
export async function writeKubeconfig(
  { engine, config, signal }: Surroundings,
  nodes: readonly ClusterNode[],
): Promise<void> {
  const path = kubeconfigPath(config);
  const stamp = `# ${nodes.map((node) => node.containerId).join(' ')} ${config.namespace}\n`;
  if (onFile(path, () => existsSync(path) && readFileSync(path, 'utf8').startsWith(stamp))) return;
  const { parseDocument } = await import('yaml'); // loaded here to keep start-up fast
  const document = parseDocument(await clusterKubeconfig(config.cluster.name, engine.environment, signal));
  document.setIn(['contexts', 0, 'context', 'namespace'], config.namespace);
  onFile(path, () => {
    writeState(path, stamp + document.toString(), 0o600);
    // The place of earlier versions, which nothing keeps up to date.
    const old = join(dirname(config.stateDirectory), 'kubeconfig');
    if (isFile(old)) rmSync(old);
  });
}

/** Opens the kubeconfig. One that is damaged is written again: kind knows what belongs in it. */
export async function openKubeconfig(given: Surroundings, nodes: readonly ClusterNode[]): Promise<KubeAccess> {
  const path = kubeconfigPath(given.config);
  try {
    return await openAccess(path);
  } catch {
    onFile(path, () => removeState(path));
    await writeKubeconfig(given, nodes);
    return openAccess(path);
  }
}

/** Errors of a file say nothing about the cluster, so they must not look like a failed cluster. */
function onFile<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const message = `The kubeconfig ${path} cannot be used: ${messageOf(error)}.`;
    if (saysDiskFull(messageOf(error))) throw diskFull(message, { cause: error });
    throw new HarnessError('CLUSTER', message, {
      next: 'Check who owns this file and its directory; the harness creates both again if they are missing.',
      cause: error,
    });
  }
}
