import type { Tier } from '../model/config.ts';
import { count } from '../model/words.ts';
import type { BuildDecision, FreshnessDecision } from '../model/image.ts';
import { compareInputs, type Inputs } from '../model/inputs.ts';

/** What is known when a freshness verdict is due. */
export interface FreshnessFacts {
  /** Whether the engine has the image at all. */
  exists: boolean;
  /** The inputs digest that the image carries, if it carries one. */
  builtFrom?: string;
  /** The digest of the inputs as they are now. */
  digest: string;
  inputs: Inputs;
  /** What the image was built from in full, where that is still known; explains, and never decides. */
  record?: { digest: string; inputs: Inputs };
  /** Images of this configuration that this one is built from and that are due themselves. */
  pendingBases: string[];
  /** How many files are newer than the image. */
  newerFiles: number;
}

/** Decides whether an image is what its inputs would build. Unsure means stale. */
export function decideFreshness(facts: FreshnessFacts): FreshnessDecision {
  if (!facts.exists) return { verdict: 'missing', reason: 'there is no such image', changes: [] };
  if (facts.builtFrom === undefined) return { verdict: 'stale', reason: 'built by hand: it has no record of its inputs', changes: [] };
  if (facts.pendingBases.length > 0) {
    return { verdict: 'stale', reason: `built from ${facts.pendingBases.join(', ')}, which will be built`, changes: [] };
  }
  if (facts.builtFrom === facts.digest) {
    const touched = facts.newerFiles > 0 ? `, ${facts.newerFiles} touched, not changed` : '';
    return { verdict: 'fresh', reason: `${count(facts.inputs.files.size, 'file')}${touched}`, changes: [] };
  }
  const record = facts.record?.digest === facts.builtFrom ? facts.record : undefined;
  if (!record) return { verdict: 'stale', reason: 'its inputs changed (what they were is not on record here)', changes: [] };
  const changes = compareInputs(record.inputs, facts.inputs);
  if (changes.length === 0) return { verdict: 'stale', reason: 'the format of the record changed', changes };
  return { verdict: 'stale', reason: describeChanges(changes), changes };
}

/** What a tier does about a verdict. */
export function decideBuild(tier: Tier, freshness: FreshnessDecision, force = false): BuildDecision {
  if (force || tier === 'test-kind') return { ...freshness, action: 'build' };
  if (tier === 'test-fast') return { ...freshness, action: 'skip' };
  return { ...freshness, action: freshness.verdict === 'fresh' ? 'skip' : 'build' };
}

const NAMED = 3;

/** Changes in words: settings and bases each, files by name as far as there is room. */
export function describeChanges(changes: FreshnessDecision['changes']): string {
  const files = changes.filter((change) => change.kind !== 'setting' && change.kind !== 'base');
  const parts = changes.flatMap((change) => {
    if (change.kind === 'setting') return [`${change.path}: ${change.detail ?? 'changed'}`];
    return change.kind === 'base' ? [`base image ${change.path} was replaced`] : [];
  });
  if (files.length > 0) {
    const named = files.slice(0, NAMED).map((change) => `${change.path} (${change.kind})`);
    const more = files.length > NAMED ? ` and ${files.length - NAMED} more` : '';
    parts.push(`${count(files.length, 'file')} changed: ${named.join(', ')}${more}`);
  }
  return parts.join('; ');
}
