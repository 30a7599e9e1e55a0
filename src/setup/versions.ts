/** The oldest versions of other tools that this package works with. */
export const OLDEST = {
  /** What vitest and execa require. */
  node: '22.22.0',
  /**
   * The first kind that applies containerd patches for one format of its configuration and skips
   * those for the other.
   */
  kind: '0.31.0',
  /** The first Go that downloads the newer Go that a module asks for. */
  go: '1.21.0',
} as const;
