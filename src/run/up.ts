import { bringUp, type RunningCluster } from '../cluster/bring-up.ts';
import { transportFor } from '../loading/choose-transport.ts';
import type { Transport } from '../loading/transport.ts';
import { registryImage } from '../registry/bring-up.ts';
import { ensureMirrors } from '../registry/mirrors.ts';
import type { Session } from '../session.ts';

/**
 * Creates or starts the cluster and its local registry, and waits until both are ready.
 * @param onTransport called while the cluster is still being created, so that images can be sent
 * early
 * @throws HarnessError CLUSTER, CLUSTER_FOREIGN, NODE_IMAGE, LOAD
 */
export async function up(session: Session, onTransport?: (transport: Transport) => void): Promise<RunningCluster> {
  const { nodes, changed, ...rest } = await bringUp(session, {
    // A cluster that is already running gets a registry only when something must be loaded.
    onChange: () => {
      if (session.config.transport !== 'archive') void registryImage(session);
    },
    onNodes: (early) => {
      transportFor(session, early).then(onTransport, () => undefined); // the load reports the error
    },
  });
  await Promise.all([changed && transportFor(session, nodes), ensureMirrors(session, nodes)]);
  return { ...rest, nodes, changed };
}
