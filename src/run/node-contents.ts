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

/** Asks a node what it has, for whoever needs it later. @returns once nothing is left to do but wait for the answer */
export function askAhead(session: Session, node: string): Promise<void> {
  return new Promise((resolve) => {
    const answer = nodeContent(session.engine, node, resolve);
    answer.catch(() => resolve()); // whoever awaits it hears of it
    session.nodeImages.set(node, answer);
  });
}
