import type { ClusterNode } from '../cluster/cluster.ts';
import { loadTargets } from '../cluster/nodes.ts';
import { nodeHoldings } from '../containerd/holdings.ts';
import { messageOf } from '../core/error.ts';
import { ownRegistry, storedImages } from '../registry/bring-up.ts';
import type { Session } from '../session.ts';
import { decideNodePrune, decideStoredPrune } from './decide-prune.ts';
import { pruneNode, pruneRegistry } from './remove.ts';

/**
 * Where this run's loads have replaced images: takes those and earlier ones out of the nodes that
 * no longer use them, and then out of the registry. What a pod that is ending still uses goes after
 * the next such run. Never fails a run: what stays costs room and nothing else.
 */
export async function collectReplaced(session: Session, nodes: readonly ClusterNode[]): Promise<void> {
  const { engine, emit } = session;
  try {
    const gone = new Set((await Promise.all(loadTargets(nodes).map(({ name }) => tidyNode(session, name)))).flat());
    const registry = gone.size === 0 ? undefined : await ownRegistry(session);
    if (!registry?.running || registry.port === undefined) return;
    const removals = decideStoredPrune(await storedImages(session, registry.port), ({ config }) =>
      gone.has(config.digest),
    );
    if (removals.length > 0) await pruneRegistry(engine, registry.containerId, registry.port, removals);
  } catch (error) {
    const message = `what was replaced could not all be removed, and \`harness prune\` may tell why: ${messageOf(error)}`;
    emit({ type: 'note', level: 'warning', message });
  }
}

/** @returns ids of the images that went */
async function tidyNode({ engine }: Session, node: string): Promise<string[]> {
  const removals = decideNodePrune(await nodeHoldings(engine, node), undefined);
  await pruneNode(engine, node, removals);
  return removals.map(({ id }) => id);
}
