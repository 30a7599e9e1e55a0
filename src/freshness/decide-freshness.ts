import { count } from '../core/words.ts';
import type { Change } from './inputs.ts';

/** What is known when a freshness verdict is due. */
export interface FreshnessFacts {
  /** Whether the engine has the image at all. */
  exists: boolean;
  /** The inputs digest that the image carries, if it carries one. */
  builtFrom?: string;
  /** The digest of the inputs as they are now. */
  digest: string;
  /** How many files are in them. */
  files: number;
  /**
   * What changed since the image was built, where that is still known; undefined where it is not.
   * Explains, and never decides, and is only asked for when there is something to explain.
   */
  changesSince: (digest: string) => Change[] | undefined;
  /** Images of this configuration that this one is built from and that are due themselves. */
  pendingBases: string[];
  /** How many files are newer than the image. */
  newerFiles: number;
}

/** Decides whether an image is what its inputs would build. Unsure means stale. */
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
  if (facts.builtFrom === facts.digest) {
    const touched = facts.newerFiles > 0 ? `, ${facts.newerFiles} touched, not changed` : '';
    return { verdict: 'fresh', reason: `${count(facts.files, 'file')}${touched}`, changes: [] };
  }
  const changes = facts.changesSince(facts.builtFrom);
  if (!changes)
    return { verdict: 'stale', reason: 'its inputs changed (what they were is not on record here)', changes: [] };
  if (changes.length === 0) return { verdict: 'stale', reason: 'the format of the record changed', changes };
  return { verdict: 'stale', reason: describeChanges(changes), changes };
}

const NAMED = 3;

/** Changes in words: settings and bases each, files by name as far as there is room. */
export function describeChanges(changes: readonly Change[]): string {
  const files = changes.filter(isOfFile);
  const parts = changes.filter((change) => !isOfFile(change)).map(describeChange);
  if (files.length > 0) {
    const named = files.slice(0, NAMED).map(describeChange);
    const more = files.length > NAMED ? ` and ${files.length - NAMED} more` : '';
    parts.push(`${count(files.length, 'file')} changed: ${named.join(', ')}${more}`);
  }
  return parts.join('; ');
}

/** One change in words. */
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
  /** In words, for the user. */
  reason: string;
  changes: Change[];
}
