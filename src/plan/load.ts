import type { LoadDecision, NodeImage } from '../model/image.ts';

/** What is known of an image when a load is due. */
export interface LoadFacts {
  /** The configuration's digest of the image as built; undefined when only a transfer will tell. */
  digest: string | undefined;
  /** The name the node should know it by, in full. */
  name: string;
  /** What the node has. */
  present: readonly NodeImage[];
  /** Transfer whatever the node has. */
  force: boolean;
}

/** Decides what a node lacks of an image: all of it, its name, or nothing. */
export function decideLoad({ digest, name, present, force }: LoadFacts): LoadDecision {
  const named = present.find((image) => image.names.includes(name));
  const same = digest === undefined ? undefined : present.find((image) => image.id === digest);
  const verdict = same && same === named ? 'present' : named ? 'stale' : 'missing';
  if (force) return { action: 'transfer', verdict, reason: 'always loaded in this tier' };
  if (digest === undefined) return { action: 'transfer', verdict, reason: 'its id in a node is not known yet' };
  if (verdict === 'present') return { action: 'skip', verdict, reason: 'in the node already' };
  if (same) return { action: 'tag', verdict, reason: 'in the node under another name' };
  return { action: 'transfer', verdict, reason: named ? 'the node has an older one' : 'the node lacks it' };
}
