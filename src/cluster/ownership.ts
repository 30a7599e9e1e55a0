import { HarnessError } from '../core/error.ts';
import type { Session } from '../session.ts';
import type { ClusterDecision, ClusterState } from './cluster.ts';
import { currentCluster } from './current.ts';
import { decideCluster } from './decide-cluster.ts';

/**
 * The nodes of the cluster, if it is ours; for commands that work with what there is.
 * @throws HarnessError CLUSTER_FOREIGN
 */
export async function ownCluster(session: Session): Promise<ClusterState> {
  const state = await currentCluster(session.engine, session.config);
  assertOwn(session, state);
  return state;
}

/**
 * Refuses a cluster that this harness did not create; one that does not exist is nobody's and
 * passes.
 */
export function assertOwn({ config }: Session, state: ClusterState): void {
  if (state.nodes.length === 0) return;
  // Only the owner matters here, so the record is held against its own definition.
  const wanted = {
    project: config.project,
    definition: state.record?.definition ?? '',
    parts: state.record?.parts ?? {},
  };
  const decision = decideCluster(state, wanted);
  if (decision.action === 'refuse') throw foreign(config.cluster.name, decision);
}

/** The refusal to touch a cluster that is not ours. */
export function foreign(name: string, decision: ClusterDecision): HarnessError {
  return new HarnessError('CLUSTER_FOREIGN', `The cluster ${name} is not touched: ${decision.reason}.`, {
    next: `Choose another name with \`cluster.name\`, or delete it yourself if nobody needs it: kind delete cluster --name ${name}`,
  });
}
