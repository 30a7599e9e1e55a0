import { waitForTests } from '../claims/wait-for-tests.ts';
import type { Session } from '../session.ts';
import type { ClusterState } from './cluster.ts';
import { kubeconfigPath } from './current.ts';
import { writeKubeconfig } from './kubeconfig.ts';

/**
 * Waits until no test of another process runs in the cluster, before the whole cluster is stopped,
 * deleted or recreated.
 * @throws HarnessError INTERRUPTED
 */
export async function awaitTests(session: Session, { nodes }: ClusterState): Promise<void> {
  if (!nodes.some(({ running }) => running)) return;
  // Another directory of this project may have created it. A cluster that gives no kubeconfig is
  // broken, and nothing can be tested in it.
  await writeKubeconfig(session, nodes).catch(() => undefined);
  await waitForTests(session, kubeconfigPath(session.config), { what: 'cluster' });
}
