/** The first version in a text: `kind v0.33.0 go1.27` gives `0.33.0`. */
export function versionIn(text: string): string | undefined {
  return /\d+\.\d+(?:\.\d+)?/.exec(text)?.[0];
}

/** Whether `version` is `oldest` or newer. An unknown version is not. */
export function isAtLeast(version: string | undefined, oldest: string): boolean {
  if (version === undefined) return false;
  const [found, required] = [numbers(version), numbers(oldest)];
  for (const [index, minimum] of required.entries()) {
    const number = found[index] ?? 0;
    if (number !== minimum) return number > minimum;
  }
  return true;
}

function numbers(version: string): number[] {
  return version.split('.').map((part) => Number.parseInt(part, 10) || 0);
}
