import { existsSync, readFileSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { HarnessError, messageOf } from '../core/error.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { writeContainerFile } from '../docker/files.ts';
import { openAccess } from '../kubernetes/access.ts';
import { WatchTimeout } from '../kubernetes/watch.ts';
import { makeStateDirectory, removeState, writeState } from '../machine/state-file.ts';
import type { ClusterNode, ClusterRecord, ClusterState } from './cluster.ts';
import { creationPath, kubeconfigPath, nodeStarts } from './current.ts';
import type { WantedCluster } from './decide-cluster.ts';
import { clusterKubeconfig, createCluster, deleteCluster } from './kind.ts';
import { clusterNodes, RECORD_PATH } from './nodes.ts';
import { waitForCluster } from './wait-until-usable.ts';

/** Milliseconds that a cluster may take to become usable. */
const READY_TIMEOUT = 240_000;

/** Handed to every action on a cluster. */
export interface ClusterContext {
  engine: DockerEngine;
  config: Config;
  progress: (detail: string) => void;
  /**
   * Told of the nodes of a cluster that is being created, once their containers are there: long
   * before it can be used.
   */
  onNodes?: (nodes: ClusterNode[]) => void;
  signal?: AbortSignal;
}

/**
 * Creates the cluster, waits until it can be used, and only then writes the record that makes it
 * ours for good.
 */
export async function create(
  context: ClusterContext,
  wanted: WantedCluster,
  kindConfig: string,
  nodeImage: string,
): Promise<void> {
  const { config, progress } = context;
  makeStateDirectory(config.stateDirectory);
  removeState(kubeconfigPath(config));
  // Docker gives creation times in whole seconds, rounded down.
  writeState(creationPath(config), JSON.stringify({ begun: Math.floor(Date.now() / 1000) * 1000 }));
  const tellNodes = nodeTeller(context);
  await createCluster({
    name: config.cluster.name,
    config: kindConfig,
    image: nodeImage,
    kubeconfig: kubeconfigPath(config),
    onLine: (line) => {
      progress(line.replace(/^[ •✓✗]+/, '').trim());
      tellNodes();
    },
    ...(context.signal === undefined ? {} : { signal: context.signal }),
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
    throw new HarnessError('CLUSTER', `The cluster ${config.cluster.name} went away while it was created.`);
  await writeContainerFile(context.engine, controlPlane.containerId, RECORD_PATH, JSON.stringify(record));
  removeState(creationPath(config));
}

/**
 * @returns what looks whether there are nodes by now, and tells of them the first time; to be
 * called whenever kind gets on
 */
function nodeTeller({ engine, config, onNodes }: ClusterContext): () => void {
  let tell = onNodes;
  return () => {
    if (!tell) return;
    clusterNodes(engine, config.cluster.name).then(
      (nodes) => {
        if (nodes.length === 0) return;
        tell?.(nodes);
        tell = undefined;
      },
      () => undefined, // it only saves time
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
 * Waits until a running cluster can be used, with a kubeconfig that is certainly its own.
 * @throws HarnessError CLUSTER with what it still lacks
 */
export async function check(context: ClusterContext): Promise<void> {
  const nodes = await clusterNodes(context.engine, context.config.cluster.name);
  await writeKubeconfig(context.config, nodes);
  await waitUntilReady(context, nodes);
}

/** Stops all nodes; the cluster keeps everything and can be started again. */
export async function stop(engine: DockerEngine, state: ClusterState): Promise<void> {
  const running = state.nodes.filter((node) => node.running);
  await Promise.all(running.map((node) => engine.api.getContainer(node.containerId).stop()));
}

/** Deletes the cluster. The caller has proved that it is ours. */
export async function remove(config: Config): Promise<void> {
  makeStateDirectory(config.stateDirectory);
  await deleteCluster(config.cluster.name, kubeconfigPath(config));
  removeState(kubeconfigPath(config));
  removeState(creationPath(config));
}

/**
 * Writes the private kubeconfig, mode 0600, with the project's namespace as its default. Its first
 * line names the container and the namespace it is for: while they are the same, kind need not be
 * asked again.
 */
async function writeKubeconfig(config: Config, nodes: ClusterNode[]): Promise<void> {
  const stamp = `# ${nodes.map((node) => node.containerId).join(' ')} ${config.namespace}\n`;
  if (existsSync(kubeconfigPath(config)) && readFileSync(kubeconfigPath(config), 'utf8').startsWith(stamp)) return;
  const { parseDocument } = await import('yaml'); // only here: start-up counts
  const document = parseDocument(await clusterKubeconfig(config.cluster.name));
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
      timeout: READY_TIMEOUT,
      onPending: progress,
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (!(error instanceof WatchTimeout)) throw error;
    throw new HarnessError(
      'CLUSTER',
      `The cluster ${config.cluster.name} was not usable within ${READY_TIMEOUT / 1000} s: ${messageOf(error)}.`,
      {
        next: 'Look at its nodes with `harness status`; `harness down` and `harness up` make a new one.',
      },
    );
  }
}
