import type { ClusterNode } from '../cluster/cluster.ts';
import type { NodeContent } from '../containerd/content.ts';
import { currentContent } from '../containerd/remembered-content.ts';
import { askAhead } from '../core/ask-ahead.ts';
import { oncePer } from '../core/once-per.ts';
import type { Session } from '../session.ts';

/** What each node had when it was first asked in a run, by its name. */
const contents = oncePer<Session, Map<string, Promise<NodeContent>>>(() => new Map());

/** What a node has, asked once in a run: nobody else loads while this run holds the cluster. */
export function imagesIn(session: Session, node: ClusterNode): Promise<NodeContent> {
  const known = contents(session).get(node.name) ?? currentContent(session.engine, session.config.stateDirectory, node);
  contents(session).set(node.name, known);
  return known;
}

/**
 * Asks a node what it has, for whoever needs it later.
 * @returns once nothing is left to do but wait for the answer
 */
export async function askNode(session: Session, node: ClusterNode): Promise<void> {
  const { engine, config } = session;
  const answer = await askAhead((onAsked) => currentContent(engine, config.stateDirectory, node, onAsked));
  contents(session).set(node.name, answer());
}
