import { HarnessError } from '../core/error.ts';
import { ownerOf } from '../config/owner.ts';
import type { Session } from '../session.ts';
import type { ClusterDecision, ClusterState } from './cluster.ts';
import { currentCluster } from './current.ts';
import { decideCluster } from './decide-cluster.ts';

/**
 * The cluster as it is, for commands that do not create it.
 * @throws HarnessError CLUSTER_FOREIGN when this project did not create it
 */
export async function ownCluster(session: Session): Promise<ClusterState> {
  const state = await currentCluster(session.engine, session.config);
  await assertOwn(session, state);
  return state;
}

/** Throws if this harness did not create the cluster. Accepts a cluster that does not exist. */
export async function assertOwn({ config }: Session, state: ClusterState): Promise<void> {
  if (state.nodes.length === 0) return;
  // Only the owner matters here, so the record is compared with its own definition.
  const wanted = {
    owner: await ownerOf(config),
    definition: state.record?.definition ?? '',
    parts: state.record?.parts ?? {},
  };
  const decision = decideCluster(state, wanted);
  if (decision.action === 'refuse') throw foreign(config.cluster.name, decision);
}

/** The error for a cluster that is not ours. */
export function foreign(name: string, decision: ClusterDecision): HarnessError {
  return new HarnessError('CLUSTER_FOREIGN', `Refusing to touch cluster ${name}: ${decision.reason}.`, {
    next: `Set another \`project\` or \`cluster.name\`, or delete the cluster if it is not needed: kind delete cluster --name ${name}`,
  });
}
