import type { Config } from '../config/config.ts';
import { ownerOf } from '../config/owner.ts';
import { HarnessError, messageOf } from '../core/error.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { writeContainerFile } from '../docker/files.ts';
import { WatchTimeout } from '../kubernetes/watch.ts';
import { makeStateDirectory, removeState } from '../machine/state-file.ts';
import type { ClusterNode, ClusterRecord, ClusterState } from './cluster.ts';
import { creationMark, markImages, unmarkImages } from './creation-mark.ts';
import { kubeconfigPath, nodeStarts } from './current.ts';
import type { WantedCluster } from './decide-cluster.ts';
import type { ClusterPlan } from './definition.ts';
import { createCluster, deleteCluster } from './kind.ts';
import { openKubeconfig, writeKubeconfig } from './kubeconfig.ts';
import { clusterNodes, RECORD_PATH } from './nodes.ts';
import { Unusable } from './unusable.ts';
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
 * complete. Until then the mark on its nodes says whose it is.
 */
export async function create(context: ClusterContext, plan: ClusterPlan): Promise<void> {
  const { engine, config, progress } = context;
  const { name } = config.cluster;
  const mark = creationMark(name, plan.wanted.owner);
  makeStateDirectory(config.stateDirectory);
  removeState(kubeconfigPath(config));
  try {
    const kindConfig = await plan.kindConfig(await markImages(engine, plan.nodeImages, mark));
    const reportNodes = nodeReporter(context);
    await createCluster({
      name,
      config: kindConfig,
      directory: config.root,
      kubeconfig: kubeconfigPath(config),
      env: engine.environment,
      onLine: (line) => {
        progress(line.replace(/^[ •✓✗]+/, '').trim());
        reportNodes();
      },
      signal: context.signal,
    });
  } finally {
    // Docker answered a moment ago. What is left is taken away by the next creation or deletion.
    await unmarkImages(engine, mark).catch(() => undefined);
  }
  await check(context);
  await writeRecord(context, plan.wanted);
}

async function writeRecord({ engine, config }: ClusterContext, wanted: WantedCluster): Promise<void> {
  const { owner, definition, parts } = wanted;
  const record: ClusterRecord = { format: 1, project: owner.project, owner, definition, parts };
  const nodes = await clusterNodes(engine, config.cluster.name);
  const controlPlane = nodes.find((node) => node.role === 'control-plane');
  if (!controlPlane)
    throw new HarnessError('CLUSTER', `Cluster ${config.cluster.name} was deleted while it was being created.`);
  await writeContainerFile(engine, controlPlane.containerId, RECORD_PATH, JSON.stringify(record));
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

/**
 * Starts the stopped nodes and waits until the cluster can be used.
 * @throws HarnessError CLUSTER when Docker cannot start a node, and as `check`
 */
export async function start(context: ClusterContext, nodes: readonly ClusterNode[]): Promise<void> {
  const stopped = nodes.filter((node) => !node.running);
  await Promise.all(
    stopped.map(async ({ name, containerId }) => {
      try {
        await context.engine.api.getContainer(containerId).start();
      } catch (error) {
        throw new HarnessError('CLUSTER', `Docker could not start node ${name}: ${messageOf(error)}.`, {
          next: 'If a port is taken, stop the program that listens there. Or recreate the cluster: `harness down` and `harness up`.',
          cause: error,
        });
      }
    }),
  );
  await check(context);
}

/** Restarts all nodes and waits until the cluster can be used. */
export async function restart(context: ClusterContext): Promise<void> {
  const nodes = await clusterNodes(context.engine, context.config.cluster.name);
  await stop(context.engine, { nodes });
  await start(
    context,
    nodes.map((node) => ({ ...node, running: false })),
  );
}

/**
 * Waits until a running cluster can be used, with a kubeconfig that belongs to these nodes.
 * @throws Unusable when the cluster is not healthy in time, or when a node has ended
 */
export async function check(context: ClusterContext): Promise<void> {
  const { engine, config } = context;
  const nodes = await clusterNodes(engine, config.cluster.name);
  try {
    await writeKubeconfig(context, nodes);
    await waitUntilReady(context, nodes);
  } catch (error) {
    if (context.signal?.aborted) throw error;
    const now = await clusterNodes(engine, config.cluster.name).catch(() => []);
    const ended = now.filter((node) => !node.running).map(({ name }) => name);
    if (ended.length > 0) throw new Unusable(`${ended.join(', ')} stopped again right after the start`, error);
    throw error;
  }
}

/** Stops all nodes. The cluster keeps its state and can be started again. */
export async function stop(engine: DockerEngine, { nodes }: Pick<ClusterState, 'nodes'>): Promise<void> {
  const running = nodes.filter((node) => node.running);
  await Promise.all(running.map((node) => engine.api.getContainer(node.containerId).stop()));
}

/** Deletes the cluster. The caller has proved that it is ours. */
export async function remove({
  engine,
  config,
  signal,
}: Pick<ClusterContext, 'engine' | 'config' | 'signal'>): Promise<void> {
  makeStateDirectory(config.stateDirectory);
  await deleteCluster(config.cluster.name, kubeconfigPath(config), engine.environment, signal);
  removeState(kubeconfigPath(config));
  await unmarkImages(engine, creationMark(config.cluster.name, await ownerOf(config))).catch(() => undefined);
}

async function waitUntilReady(
  { engine, config, progress, signal }: ClusterContext,
  nodes: ClusterNode[],
): Promise<void> {
  const startedAt = await nodeStarts(engine, nodes);
  const access = await openKubeconfig({ engine, config, signal }, nodes);
  try {
    await waitForCluster(access, startedAt, { timeout: config.timeouts.cluster, onPending: progress, signal });
  } catch (error) {
    if (!(error instanceof WatchTimeout)) throw error;
    throw new Unusable(`it was not usable after ${config.timeouts.cluster / 1000} s: ${messageOf(error)}`, error);
  }
}
