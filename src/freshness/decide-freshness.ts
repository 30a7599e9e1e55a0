import { ago, count } from '../core/words.ts';
import type { Change } from './inputs.ts';
import { describeOrigin, type Origin } from './judge-origin.ts';
import { describeProblem, NOT_KNOWN, type SourceProblem } from './judge-sources.ts';

/**
 * What is known about an image when its verdict is decided. Times are milliseconds since the epoch.
 */
export interface FreshnessFacts {
  /** Whether the engine has the image at all. */
  exists: boolean;
  /** The inputs digest on the image's label; undefined when it has none. */
  builtFrom?: string | undefined;
  /** Whose label that is. It matters only if the digest on it is the one of the current inputs. */
  origin: Origin;
  /** When the image was built; undefined when that is unknown. */
  builtAt?: number | undefined;
  now: number;
  /** The digest of the inputs as they are now. */
  digest: string;
  /** How many files the inputs have. */
  files: number;
  /**
   * What changed since the image was built; undefined when the old inputs are not on record. Only
   * called when there is something to explain. It never decides the verdict.
   */
  changesSince: (digest: string) => Change[] | undefined;
  /**
   * What BuildKit used for the image that did not count, if the label says that there was something.
   * Empty if that is not on record here.
   */
  uncounted: readonly SourceProblem[];
  /** Configured images that this one is built from and that must be built first. */
  pendingBases: string[];
  /** How many files are newer than the image. */
  newerFiles: number;
}

/** Decides whether an image matches its inputs. When in doubt, it is stale. */
export function decideFreshness(facts: FreshnessFacts): FreshnessDecision {
  if (!facts.exists) return { verdict: 'missing', reason: 'there is no such image', changes: [] };
  if (facts.builtFrom === undefined)
    return { verdict: 'stale', reason: 'built by hand: it has no record of its inputs', changes: [] };
  if (facts.pendingBases.length > 0) {
    return {
      verdict: 'stale',
      reason: `built from ${facts.pendingBases.join(', ')}, which will be built`,
      changes: [],
    };
  }
  if (facts.builtFrom === NOT_KNOWN)
    return { verdict: 'stale', reason: describeUncounted(facts.uncounted), changes: [] };
  if (facts.builtFrom === facts.digest) {
    return facts.origin === 'own'
      ? { verdict: 'fresh', reason: describeFresh(facts), changes: [] }
      : { verdict: 'stale', reason: describeOrigin(facts.origin), changes: [] };
  }
  const changes = facts.changesSince(facts.builtFrom);
  if (!changes)
    return { verdict: 'stale', reason: 'its inputs changed (the previous ones are not on record here)', changes: [] };
  if (changes.length === 0) return { verdict: 'stale', reason: 'the format of the record changed', changes };
  return { verdict: 'stale', reason: describeChanges(changes), changes };
}

function describeUncounted(problems: readonly SourceProblem[]): string {
  if (problems.length === 0) return 'BuildKit used something that the harness did not count';
  return problems.map(describeProblem).join('; ');
}

function describeFresh({ files, newerFiles, builtAt, now }: FreshnessFacts): string {
  // A build date in the future is wrong, so it is not shown.
  const age = builtAt === undefined || builtAt > now ? '' : ` ${ago(builtAt, now)}`;
  const touched = newerFiles > 0 ? `; ${newerFiles} touched, but not changed` : '';
  return `${count(files, 'file')}, unchanged since the build${age}${touched}`;
}

/** How many changed files a reason names. */
const NAMED_FILES = 3;

/** Describes changes: every setting and base, and the first few files by name. */
export function describeChanges(changes: readonly Change[]): string {
  const files = changes.filter(isOfFile);
  const parts = changes.filter((change) => !isOfFile(change)).map(describeChange);
  if (files.length > 0) {
    const named = files.slice(0, NAMED_FILES).map(describeChange);
    const more = files.length > NAMED_FILES ? ` and ${files.length - NAMED_FILES} more` : '';
    parts.push(`${count(files.length, 'file')} changed: ${named.join(', ')}${more}`);
  }
  return parts.join('; ');
}

/** Describes one change. */
export function describeChange({ path, kind, context, detail }: Change): string {
  if (kind === 'setting') return detail === undefined ? `${path} changed` : `${path}: ${detail}`;
  if (kind === 'base') return `base image ${path} was replaced`;
  return `${context === undefined ? '' : `${context}: `}${path} (${kind})`;
}

function isOfFile({ kind }: Change): boolean {
  return kind !== 'setting' && kind !== 'base';
}

export interface FreshnessDecision {
  verdict: 'fresh' | 'stale' | 'missing';
  /** Shown to the user. */
  reason: string;
  changes: Change[];
}
