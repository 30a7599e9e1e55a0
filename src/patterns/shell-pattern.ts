/** A pattern of a shell: any number of characters or exactly one, except line breaks, or this one. */
export type ShellPattern = ('any' | 'one' | { char: string })[];

/** A match: where it starts, and where the shortest and the longest one from there end. */
export interface ShellMatch {
  start: number;
  shortest: number;
  longest: number;
}

/**
 * Finds the first match at or after a position. The time is linear in the text, whatever the pattern:
 * all ways to match are followed at once. A RegExp tries one after another, which takes hours for a
 * few `*` in a row.
 * @param anchored whether it must start exactly there
 */
export function findMatch(
  pattern: ShellPattern,
  chars: readonly string[],
  from: number,
  anchored = false,
): ShellMatch | undefined {
  /** For each place in the pattern: the first start from which it can be reached here. */
  let starts = nowhere(pattern);
  let found: ShellMatch | undefined;
  for (let at = from; at <= chars.length; at++) {
    if (!found && (at === from || !anchored)) starts[0] = Math.min(starts[0] ?? Infinity, at);
    skipAny(pattern, starts);
    const start = starts[pattern.length] ?? Infinity;
    if (start < (found?.start ?? Infinity)) found = { start, shortest: at, longest: at };
    else if (found && start === found.start) found.longest = at;
    starts = step(pattern, starts, chars[at], found?.start ?? Infinity);
    if ((found || anchored) && starts.every((each) => each === Infinity)) break;
  }
  return found;
}

function nowhere(pattern: ShellPattern): number[] {
  return Array.from({ length: pattern.length + 1 }, () => Infinity);
}

/** `*` also stands for nothing. */
function skipAny(pattern: ShellPattern, starts: number[]): void {
  for (const [place, part] of pattern.entries())
    if (part === 'any') starts[place + 1] = Math.min(starts[place + 1] ?? Infinity, starts[place] ?? Infinity);
}

/** The places after one more character. Starts after `latest` cannot become the first match. */
function step(pattern: ShellPattern, starts: readonly number[], char: string | undefined, latest: number): number[] {
  const next = nowhere(pattern);
  for (const [place, part] of pattern.entries()) {
    const start = starts[place] ?? Infinity;
    const fits = typeof part === 'object' ? part.char === char : char !== '\n';
    if (start === Infinity || start > latest || char === undefined || !fits) continue;
    const to = part === 'any' ? place : place + 1;
    next[to] = Math.min(next[to] ?? Infinity, start);
  }
  return next;
}
