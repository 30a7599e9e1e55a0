import { awaitTests } from '../cluster/await-tests.ts';
import type { ClusterState } from '../cluster/cluster.ts';
import { stop } from '../cluster/lifecycle.ts';
import { ownCluster } from '../cluster/ownership.ts';
import { stopRegistry } from '../registry/bring-up.ts';
import { stopMirrors } from '../registry/mirrors.ts';
import { stopServices } from '../services/bring-up.ts';
import type { Session } from '../session.ts';

/**
 * Stops the cluster, its local registry and its service containers, if they are ours.
 * @returns the cluster as it was before
 * @throws HarnessError CLUSTER_FOREIGN
 */
export async function stopCluster(session: Session): Promise<ClusterState> {
  const state = await ownCluster(session);
  await awaitTests(session, state);
  await Promise.all([stop(session.engine, state), stopRegistry(session), stopMirrors(session), stopServices(session)]);
  return state;
}
