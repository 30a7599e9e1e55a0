import { isUnpacked } from '../containerd/chain-ids.ts';
import type { NodeContent } from '../containerd/content.ts';

/** What is known of an image when a load is due. */
export interface LoadFacts {
  /** The configuration's digest of the image as built; undefined when only a transfer will tell. */
  digest: string | undefined;
  /** Digests of its layers' contents, lowest first. */
  layers: readonly string[];
  /** The name the node should know it by, in full. */
  name: string;
  /** What the node has. */
  present: NodeContent;
  /** Transfer whatever the node has. */
  force: boolean;
}

/** Decides what a node lacks of an image: all of it, its name, or nothing. */
export function decideLoad({ digest, layers, name, present, force }: LoadFacts): LoadDecision {
  const named = present.images.find((image) => image.names.includes(name));
  const listed = digest === undefined ? undefined : present.images.find((image) => image.id === digest);
  const whole = isUnpacked(layers, present);
  const same = whole ? listed : undefined;
  const verdict = same && same === named ? 'present' : named && named !== listed ? 'stale' : 'missing';
  if (force) return { action: 'transfer', verdict, reason: 'always loaded in this tier' };
  if (digest === undefined) return { action: 'transfer', verdict, reason: 'its id in a node is not known yet' };
  if (verdict === 'present') return { action: 'skip', verdict, reason: 'in the node already' };
  if (same) return { action: 'tag', verdict, reason: 'in the node under another name' };
  if (listed) return { action: 'transfer', verdict, reason: 'the node lists it, but has lost its content' };
  return { action: 'transfer', verdict, reason: named ? 'the node has an older one' : 'the node lacks it' };
}

export interface LoadDecision {
  /** `transfer` where the node lacks the image, `tag` where it lacks only the name. */
  action: 'transfer' | 'tag' | 'skip';
  /** How the node's image compares with the one built: its content under another id is `stale`. */
  verdict: 'present' | 'stale' | 'missing';
  reason: string;
}
