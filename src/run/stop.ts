import { stop } from '../act/cluster.ts';
import type { ClusterState } from '../model/cluster.ts';
import { ownCluster } from './own-cluster.ts';
import type { Session } from './session.ts';

/**
 * Stops the cluster, if it is ours. @returns it as it was before
 * @throws HarnessError CLUSTER_FOREIGN
 */
export async function stopCluster(session: Session): Promise<ClusterState> {
  const state = await ownCluster(session);
  await stop(session.engine, state);
  return state;
}
