/** Something that `harness prune` removes, or would. */
export interface Pruned {
  /** `node <name>`, `registry` or `Docker`. */
  place: string;
  /** The image's names, or its id where it has none. */
  image: string;
  reason: string;
  /** What its removal frees; 0 where others still need all of it. */
  bytes: number;
}
