import type { ClusterNode } from '../cluster/cluster.ts';
import { loadTargets } from '../cluster/nodes.ts';
import { nodeHoldings } from '../containerd/holdings.ts';
import { messageOf } from '../core/error.ts';
import { runningRegistry, storedImages } from '../registry/bring-up.ts';
import type { Session } from '../session.ts';
import { decideNodePrune, decideStoredPrune } from './decide-prune.ts';
import { pruneNode, pruneRegistry } from './remove.ts';

/**
 * Removes images that loads have replaced from the nodes and then from the registry, unless a
 * container still uses them; those are removed after a later run. It never fails a run, because an
 * image that stays only takes up disk space.
 */
export async function collectReplaced(session: Session, nodes: readonly ClusterNode[]): Promise<void> {
  const { engine, emit } = session;
  try {
    const removed = new Set((await Promise.all(loadTargets(nodes).map(({ name }) => tidyNode(session, name)))).flat());
    const registry = removed.size === 0 ? undefined : await runningRegistry(session);
    if (!registry) return;
    const removals = decideStoredPrune(await storedImages(session, registry), ({ config }) =>
      removed.has(config.digest),
    );
    if (removals.length > 0) await pruneRegistry(engine, registry, removals);
  } catch (error) {
    const message = `could not remove all replaced images, run \`harness prune\` for details: ${messageOf(error)}`;
    emit({ type: 'note', level: 'warning', message });
  }
}

/** @returns the ids of the removed images */
async function tidyNode({ engine }: Session, node: string): Promise<string[]> {
  const removals = decideNodePrune(await nodeHoldings(engine, node), undefined);
  await pruneNode(engine, node, removals);
  return removals.map(({ id }) => id);
}
