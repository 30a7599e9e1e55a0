/** Versions as the tools print them, and the oldest ones that will do. */

/** The oldest versions that this package works with. */
export const OLDEST = {
  /** What vitest and execa ask for. */
  node: '22.22.0',
  /**
   * The first kind that takes containerd patches for one format of its configuration and leaves
   * those for the other.
   */
  kind: '0.31.0',
  /** The first Go that fetches the newer Go which a module asks for. */
  go: '1.21.0',
} as const;

/** The first thing in `text` that looks like a version: `kind v0.33.0 go1.27` gives `0.33.0`. */
export function versionIn(text: string): string | undefined {
  return /\d+\.\d+(?:\.\d+)?/.exec(text)?.[0];
}

/** Whether `version` is `oldest` or newer; a version that is not known is not. */
export function atLeast(version: string | undefined, oldest: string): boolean {
  if (version === undefined) return false;
  const [have, want] = [numbers(version), numbers(oldest)];
  for (const [index, wanted] of want.entries()) {
    const found = have[index] ?? 0;
    if (found !== wanted) return found > wanted;
  }
  return true;
}

function numbers(version: string): number[] {
  return version.split('.').map((part) => Number.parseInt(part, 10) || 0);
}
