import { check, create, currentCluster, kubeconfigPath, nodeStarts, remove, start, type ClusterContext } from '../act/cluster.ts';
import type { ClusterDecision, ClusterNode, ClusterState } from '../model/cluster.ts';
import { HarnessError, messageOf } from '../model/error.ts';
import { clusterNodes } from '../observe/cluster.ts';
import { decideCluster } from '../plan/cluster.ts';
import { step } from '../report/step.ts';
import { clusterPlan, type ClusterPlan } from './cluster-plan.ts';
import type { Session } from './session.ts';

/** A cluster that can be used. */
export interface RunningCluster {
  kubeconfig: string;
  nodes: ClusterNode[];
  /** When each node was last started, milliseconds since the epoch. */
  startedAt: Record<string, number>;
}

/**
 * Brings the cluster to where it can be used: created, started or made anew, whatever it takes.
 * @throws HarnessError CLUSTER, CLUSTER_FOREIGN, NODE_IMAGE
 */
export async function bringUp(session: Session): Promise<RunningCluster> {
  const { config, emit } = session;
  const { name } = config.cluster;
  await step(emit, 'cluster', `cluster ${name}: checking`, async ({ progress }) => {
    const context = { engine: session.engine, config, progress, signal: session.signal };
    const plan = await clusterPlan(session);
    const state = await currentCluster(session.engine, config);
    const decision = decideCluster(state, plan.wanted);
    const made = (how: string, skipped = false) => ({ title: `cluster ${name} ${how}`, skipped, value: undefined });
    switch (decision.action) {
      case 'refuse':
        throw foreign(name, decision);
      case 'create':
        progress('creating');
        await createAnew(context, plan);
        return made('created');
      case 'recreate':
        emit({ type: 'note', level: 'info', message: `cluster ${name} is made anew: ${decision.reason}` });
        await remove(config);
        await createAnew(context, plan);
        return made(`created anew (${decision.reason})`);
      case 'start':
      case 'use': {
        const repaired = await useOrRepair(session, context, state, decision, plan);
        if (repaired !== undefined) return made(`created anew (${repaired})`);
        return decision.action === 'start' ? made(`started (${decision.reason})`) : made('is running', true);
      }
    }
  });
  const nodes = await clusterNodes(session.engine, name);
  return { kubeconfig: kubeconfigPath(config), nodes, startedAt: await nodeStarts(session.engine, nodes) };
}

async function createAnew(context: ClusterContext, plan: ClusterPlan): Promise<void> {
  await create(context, plan.wanted, await plan.kindConfig(), plan.nodeImage);
}

/** @returns why it had to be made anew; undefined when it had not */
async function useOrRepair(
  session: Session,
  context: ClusterContext,
  state: ClusterState,
  decision: ClusterDecision,
  plan: ClusterPlan,
): Promise<string | undefined> {
  const { config, emit } = session;
  try {
    if (decision.action === 'start') {
      context.progress(`starting: ${decision.reason}`);
      await start(context, state);
    } else {
      await check(context);
    }
    return undefined;
  } catch (error) {
    if (session.signal.aborted) throw error;
    const reason = `it was beyond repair: ${messageOf(error)}`;
    emit({ type: 'note', level: 'warning', message: `cluster ${config.cluster.name} is made anew: ${reason}` });
    await remove(config);
    await createAnew(context, plan);
    return reason;
  }
}

/**
 * The nodes of the cluster, if it is ours; for commands that work with what there is.
 * @throws HarnessError CLUSTER_FOREIGN
 */
export async function ownCluster(session: Session): Promise<ClusterState> {
  const state = await currentCluster(session.engine, session.config);
  assertOwn(session, state);
  return state;
}

/** Refuses a cluster that this harness did not create; one that does not exist is nobody's and passes. */
export function assertOwn({ config }: Session, state: ClusterState): void {
  if (state.nodes.length === 0) return;
  // Only the owner matters here, so the record is held against its own definition.
  const wanted = { project: config.project, definition: state.record?.definition ?? '', parts: state.record?.parts ?? {} };
  const decision = decideCluster(state, wanted);
  if (decision.action === 'refuse') throw foreign(config.cluster.name, decision);
}

function foreign(name: string, decision: ClusterDecision): HarnessError {
  return new HarnessError('CLUSTER_FOREIGN', `The cluster ${name} is not touched: ${decision.reason}.`, {
    next: `Choose another name with \`cluster.name\`, or delete it yourself if nobody needs it: kind delete cluster --name ${name}`,
  });
}
