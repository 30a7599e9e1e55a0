import type { ClusterNode } from '../cluster/cluster.ts';
import type { NodeContent } from '../core/labels.ts';
import { currentContent } from '../containerd/remembered-content.ts';
import { ahead } from '../core/ask-ahead.ts';
import type { Session } from '../session.ts';

/** Nodes that run pods, and so need images. */
export function loadTargets(nodes: readonly ClusterNode[]): ClusterNode[] {
  return nodes.filter((node) => node.role !== 'external-load-balancer');
}

/** What a node has, asked once in a run: nobody else loads while this run holds the cluster. */
export function imagesIn(session: Session, node: ClusterNode): Promise<NodeContent> {
  const known = session.nodeImages.get(node.name) ?? currentContent(session.engine, session.config.stateDirectory, node);
  session.nodeImages.set(node.name, known);
  return known;
}

/** Asks a node what it has, for whoever needs it later. @returns once nothing is left to do but wait for the answer */
export async function askNode({ engine, config, nodeImages }: Session, node: ClusterNode): Promise<void> {
  const answer = await ahead((onAsked) => currentContent(engine, config.stateDirectory, node, onAsked));
  nodeImages.set(node.name, answer());
}
