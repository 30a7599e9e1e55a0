import type { ClusterNode } from '../model/cluster.ts';
import type { NodeContent } from '../model/image.ts';
import { nodeContent } from '../observe/node-images.ts';
import type { Session } from './session.ts';

/** Nodes that run pods, and so need images. */
export function loadTargets(nodes: readonly ClusterNode[]): ClusterNode[] {
  return nodes.filter((node) => node.role !== 'external-load-balancer');
}

/** What a node has, asked once in a run: nobody else loads while this run holds the cluster. */
export function imagesIn(session: Session, node: string): Promise<NodeContent> {
  const known = session.nodeImages.get(node) ?? nodeContent(session.engine, node);
  session.nodeImages.set(node, known);
  return known;
}
