import { step } from '../core/step.ts';
import type { Session } from '../session.ts';
import { awaitTests } from './await-tests.ts';
import type { ClusterDecision, ClusterNode, ClusterState } from './cluster.ts';
import { currentCluster, kubeconfigPath, nodeStarts } from './current.ts';
import { decideCluster } from './decide-cluster.ts';
import { clusterPlan, type ClusterPlan } from './definition.ts';
import { check, create, remove, restart, start, type ClusterContext } from './lifecycle.ts';
import { clusterNodes } from './nodes.ts';
import { foreign } from './ownership.ts';
import { Unusable } from './unusable.ts';

/** A cluster that can be used. */
export interface RunningCluster {
  kubeconfig: string;
  nodes: ClusterNode[];
  /** When each node was last started, milliseconds since the epoch. */
  startedAt: Record<string, number>;
  /** Whether it had to be created or started. */
  changed: boolean;
  /** The digest of everything that it was created from. */
  definition: string;
}

/** Called while a cluster is created or started, for work that can run in parallel. */
export interface BringUpHooks {
  /** Called once it is known that the cluster must be created or started. */
  onChange: () => void;
  /** Called once the containers of a new cluster exist, long before it can be used. */
  onNodes: (nodes: ClusterNode[]) => void;
}

/**
 * Creates, starts or recreates the cluster, and waits until it is ready.
 * @throws HarnessError CLUSTER, CLUSTER_FOREIGN, NODE_IMAGE
 */
export async function bringUp(session: Session, { onChange, onNodes }: BringUpHooks): Promise<RunningCluster> {
  const { config, emit } = session;
  const { name } = config.cluster;
  const { changed, definition } = await step(emit, 'cluster', `cluster ${name}: checking`, async ({ progress }) => {
    const context = { engine: session.engine, config, progress, onNodes, signal: session.signal };
    const plan = await clusterPlan(session);
    const state = await currentCluster(session.engine, config);
    const decision = decideCluster(state, plan.wanted);
    const end = (result: string, skipped = false) => ({
      title: `cluster ${name} ${result}`,
      skipped,
      value: { changed: !skipped, definition: plan.wanted.definition },
    });
    if (!['refuse', 'use'].includes(decision.action)) {
      await awaitTests(session, state);
      onChange();
    }
    switch (decision.action) {
      case 'refuse':
        throw foreign(name, decision);
      case 'create':
        progress('creating');
        await create(context, plan);
        return end('created');
      case 'recreate':
        emit({ type: 'note', level: 'info', message: `recreating cluster ${name}: ${decision.reason}` });
        await remove(context);
        await create(context, plan);
        return end(`recreated (${decision.reason})`);
      case 'start':
      case 'use': {
        const whyRecreated = await useOrRecreate(session, context, state, decision, plan);
        if (whyRecreated !== undefined) return end(`recreated (${whyRecreated})`);
        return decision.action === 'start' ? end(`started (${decision.reason})`) : end('is running', true);
      }
    }
  });
  const nodes = await clusterNodes(session.engine, name);
  const startedAt = await nodeStarts(session.engine, nodes);
  return { kubeconfig: kubeconfigPath(config), nodes, startedAt, changed, definition };
}

/**
 * Uses or starts the cluster. Recreates it only on evidence that it does not become healthy, even
 * after a restart of its nodes. Any other error ends the run and leaves the cluster as it is.
 * @returns why it was recreated; undefined if it was not
 */
export async function useOrRecreate(
  session: Session,
  context: ClusterContext,
  state: ClusterState,
  decision: ClusterDecision,
  plan: ClusterPlan,
): Promise<string | undefined> {
  const { config, emit } = session;
  const { name } = config.cluster;
  const note = (level: 'info' | 'warning', message: string) => emit({ type: 'note', level, message });
  try {
    if (decision.action === 'start') {
      context.progress(`starting: ${decision.reason}`);
      await start(context, state.nodes);
    } else {
      await check(context);
    }
    return undefined;
  } catch (error) {
    if (session.signal.aborted || !(error instanceof Unusable)) throw error;
    await awaitTests(session, state);
    note('warning', `restarting the nodes of cluster ${name}: ${error.reason}`);
  }
  try {
    await restart(context);
    return undefined;
  } catch (error) {
    if (session.signal.aborted || !(error instanceof Unusable)) throw error;
    const reason = `it could not be repaired: ${error.reason}`;
    note('warning', `recreating cluster ${name}: ${reason}`);
    await remove(context);
    await create(context, plan);
    return reason;
  }
}
