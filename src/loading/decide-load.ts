import { isUnpacked } from '../containerd/chain-ids.ts';
import type { NodeContent } from '../containerd/content.ts';

/** What is known about an image before it is loaded into a node. */
export interface LoadFacts {
  /** The configuration's digest of the built image; undefined until a transfer finds it out. */
  digest: string | undefined;
  /** Digests of its layers' contents, lowest first. */
  layers: readonly string[];
  /** The full name that it must have in the node. */
  name: string;
  /** What the node has. */
  present: NodeContent;
  /** Transfer the image even if the node has it. */
  force: boolean;
}

/** Decides whether a node lacks an image, only its name, or nothing. */
export function decideLoad({ digest, layers, name, present, force }: LoadFacts): LoadDecision {
  const named = present.images.find((image) => image.names.includes(name));
  const listed = digest === undefined ? undefined : present.images.find((image) => image.id === digest);
  const usable = isUnpacked(layers, present) ? listed : undefined;
  const verdict = usable && usable === named ? 'present' : named && named !== listed ? 'stale' : 'missing';
  if (force) return { action: 'transfer', verdict, reason: 'loaded unconditionally' };
  if (digest === undefined) return { action: 'transfer', verdict, reason: 'its id in the node is not known yet' };
  if (verdict === 'present') return { action: 'skip', verdict, reason: 'already in the node' };
  if (usable) return { action: 'tag', verdict, reason: 'in the node under another name' };
  if (listed) return { action: 'transfer', verdict, reason: 'listed in the node but not unpacked' };
  return { action: 'transfer', verdict, reason: named ? 'the node has an older image' : 'not in the node' };
}

export interface LoadDecision {
  /** `transfer` if the node lacks the image, `tag` if it lacks only the name. */
  action: 'transfer' | 'tag' | 'skip';
  /** `stale` if another image has the name in the node. */
  verdict: 'present' | 'stale' | 'missing';
  reason: string;
}
