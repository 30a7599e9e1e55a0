import { existsSync, readFileSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { HarnessError, messageOf } from '../core/error.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { writeContainerFile } from '../docker/files.ts';
import { openAccess } from '../kubernetes/access.ts';
import { WatchTimeout } from '../kubernetes/watch.ts';
import { makeStateDirectory, removeState, writeDurably, writeState } from '../machine/state-file.ts';
import type { ClusterNode, ClusterRecord, ClusterState } from './cluster.ts';
import { creationPath, kubeconfigPath, nodeStarts } from './current.ts';
import type { WantedCluster } from './decide-cluster.ts';
import { clusterKubeconfig, createCluster, deleteCluster } from './kind.ts';
import { clusterNodes, RECORD_PATH } from './nodes.ts';
import { waitForCluster } from './wait-until-usable.ts';

/** What every action on a cluster needs. */
export interface ClusterContext {
  engine: DockerEngine;
  config: Config;
  progress: (detail: string) => void;
  /**
   * Called with the nodes of a new cluster once their containers exist, long before it can be used.
   */
  onNodes?: (nodes: ClusterNode[]) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Creates the cluster, waits until it can be used, and only then writes the record that marks it as
 * ours.
 */
export async function create(context: ClusterContext, wanted: WantedCluster, kindConfig: string): Promise<void> {
  const { config, progress } = context;
  makeStateDirectory(config.stateDirectory);
  removeState(kubeconfigPath(config));
  // Docker rounds creation times down to whole seconds.
  writeDurably(creationPath(config), JSON.stringify({ begun: Math.floor(Date.now() / 1000) * 1000 }));
  const reportNodes = nodeReporter(context);
  await createCluster({
    name: config.cluster.name,
    config: kindConfig,
    directory: config.root,
    kubeconfig: kubeconfigPath(config),
    env: context.engine.environment,
    onLine: (line) => {
      progress(line.replace(/^[ •✓✗]+/, '').trim());
      reportNodes();
    },
    signal: context.signal,
  });
  await check(context);
  const record: ClusterRecord = {
    format: 1,
    project: wanted.project,
    definition: wanted.definition,
    parts: wanted.parts,
  };
  const controlPlane = (await clusterNodes(context.engine, config.cluster.name)).find(
    (node) => node.role === 'control-plane',
  );
  if (!controlPlane)
    throw new HarnessError('CLUSTER', `Cluster ${config.cluster.name} was deleted while it was being created.`);
  await writeContainerFile(context.engine, controlPlane.containerId, RECORD_PATH, JSON.stringify(record));
  removeState(creationPath(config));
}

/**
 * @returns a function to call whenever kind makes progress; it calls `onNodes` the first time that
 * there are nodes
 */
function nodeReporter({ engine, config, onNodes }: ClusterContext): () => void {
  let report = onNodes;
  return () => {
    if (!report) return;
    clusterNodes(engine, config.cluster.name).then(
      (nodes) => {
        if (nodes.length === 0) return;
        report?.(nodes);
        report = undefined;
      },
      () => undefined, // errors do not matter: this only saves time
    );
  };
}

/** Starts the stopped nodes and waits until the cluster can be used. */
export async function start(context: ClusterContext, state: ClusterState): Promise<void> {
  const stopped = state.nodes.filter((node) => !node.running);
  await Promise.all(stopped.map((node) => context.engine.api.getContainer(node.containerId).start()));
  await check(context);
}

/**
 * Waits until a running cluster can be used, with a kubeconfig that belongs to these nodes.
 * @throws HarnessError CLUSTER with what the cluster still lacks
 */
export async function check(context: ClusterContext): Promise<void> {
  const nodes = await clusterNodes(context.engine, context.config.cluster.name);
  await writeKubeconfig(context, nodes);
  await waitUntilReady(context, nodes);
}

/** Stops all nodes. The cluster keeps its state and can be started again. */
export async function stop(engine: DockerEngine, state: ClusterState): Promise<void> {
  const running = state.nodes.filter((node) => node.running);
  await Promise.all(running.map((node) => engine.api.getContainer(node.containerId).stop()));
}

/** Deletes the cluster. The caller has proved that it is ours. */
export async function remove({ engine, config }: Pick<ClusterContext, 'engine' | 'config'>): Promise<void> {
  makeStateDirectory(config.stateDirectory);
  await deleteCluster(config.cluster.name, kubeconfigPath(config), engine.environment);
  removeState(kubeconfigPath(config));
  removeState(creationPath(config));
}

/**
 * Writes the private kubeconfig, mode 0600, with the project's namespace as its default. Its first
 * line names the containers and the namespace that it is for. If they are the same, kind is not
 * asked again.
 */
export async function writeKubeconfig(
  { engine, config, signal }: Pick<ClusterContext, 'engine' | 'config' | 'signal'>,
  nodes: ClusterNode[],
): Promise<void> {
  const stamp = `# ${nodes.map((node) => node.containerId).join(' ')} ${config.namespace}\n`;
  if (existsSync(kubeconfigPath(config)) && readFileSync(kubeconfigPath(config), 'utf8').startsWith(stamp)) return;
  const { parseDocument } = await import('yaml'); // loaded here to keep start-up fast
  const document = parseDocument(await clusterKubeconfig(config.cluster.name, engine.environment, signal));
  document.setIn(['contexts', 0, 'context', 'namespace'], config.namespace);
  writeState(kubeconfigPath(config), stamp + document.toString(), 0o600);
}

async function waitUntilReady(
  { engine, config, progress, signal }: ClusterContext,
  nodes: ClusterNode[],
): Promise<void> {
  const startedAt = await nodeStarts(engine, nodes);
  try {
    await waitForCluster(await openAccess(kubeconfigPath(config)), startedAt, {
      timeout: config.timeouts.cluster,
      onPending: progress,
      signal,
    });
  } catch (error) {
    if (!(error instanceof WatchTimeout)) throw error;
    throw new HarnessError(
      'CLUSTER',
      `Cluster ${config.cluster.name} was not usable after ${config.timeouts.cluster / 1000} s: ${messageOf(error)}.`,
      {
        next: 'Check its nodes with `harness status`, recreate it with `harness down` and `harness up`, or raise `timeouts.cluster`.',
      },
    );
  }
}
