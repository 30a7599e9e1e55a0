import { bringUp, type RunningCluster } from '../cluster/bring-up.ts';
import { transportFor } from '../loading/choose-transport.ts';
import type { Transport } from '../loading/transport.ts';
import { registryImage } from '../registry/bring-up.ts';
import type { Session } from '../session.ts';

/**
 * Creates or starts the cluster and the registry beside it, and waits until both are ready.
 * @param onTransport called with the way into the nodes while their cluster is still being created,
 * so that images can set out early
 * @throws HarnessError CLUSTER, CLUSTER_FOREIGN, NODE_IMAGE, LOAD
 */
export async function up(session: Session, onTransport?: (transport: Transport) => void): Promise<RunningCluster> {
  const { nodes, changed, ...rest } = await bringUp(session, {
    // A cluster that runs already is asked for a registry only when something must be loaded.
    onChange: () => {
      if (session.config.transport !== 'archive') void registryImage(session);
    },
    onNodes: (early) => {
      transportFor(session, early).then(onTransport, () => undefined); // the load that awaits it reports the error
    },
  });
  if (changed) await transportFor(session, nodes);
  return { ...rest, nodes, changed };
}
