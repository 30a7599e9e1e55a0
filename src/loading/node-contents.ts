import type { ClusterNode } from '../cluster/cluster.ts';
import type { NodeContent } from '../containerd/content.ts';
import { currentContent } from '../containerd/remembered-content.ts';
import { askAhead } from '../core/ask-ahead.ts';
import { oncePer } from '../core/once-per.ts';
import type { Session } from '../session.ts';

/** What each node has, by the id of its container: a recreated node has the same name. */
const contents = oncePer<Session, Map<string, Promise<NodeContent>>>(() => new Map());

/**
 * What a node has. It is asked once, until something is loaded into it: no other harness process
 * loads images while this one holds the cluster's lock.
 */
export function imagesIn(session: Session, node: ClusterNode): Promise<NodeContent> {
  const { engine, config } = session;
  const known = contents(session).get(node.containerId) ?? currentContent(engine, config.stateDirectory, node);
  contents(session).set(node.containerId, known);
  return known;
}

/** Forgets what a node had, after something was loaded into it. */
export function forgetImagesIn(session: Session, node: ClusterNode): void {
  contents(session).delete(node.containerId);
}

/**
 * Asks a node what it has, for a later `imagesIn`.
 * @returns once the request is sent, before the answer arrives
 */
export async function askNode(session: Session, node: ClusterNode): Promise<void> {
  const { engine, config } = session;
  const answer = await askAhead((onAsked) => currentContent(engine, config.stateDirectory, node, onAsked));
  contents(session).set(node.containerId, answer());
}
