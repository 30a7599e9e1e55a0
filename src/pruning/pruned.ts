/** Something that `harness prune` removed or would remove. */
export interface Pruned {
  /** `node <name>`, `registry` or `Docker`. */
  place: string;
  /** The removed names of the image, or its id if it has none. */
  image: string;
  reason: string;
  /** Bytes that its removal frees; 0 if other images need all of it. */
  bytes: number;
}
