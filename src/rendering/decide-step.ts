/** What is known about a step before it is done. */
export interface StepFacts {
  /** The digest of its inputs; undefined if they are not known. */
  inputs: string | undefined;
  /** What was remembered of the last time; undefined if nothing was. */
  last: { inputs: string; applied: readonly { kind: string; name: string; digest: string }[] } | undefined;
  /** The digests of what was applied then, as they are now; undefined for what does not exist. */
  now: readonly (string | undefined)[];
}

export type StepDecision = { action: 'skip' } | { action: 'do'; reason: string };

/** Whether a step must be done. In doubt it is. */
export function decideStep({ inputs, last, now }: StepFacts): StepDecision {
  if (inputs === undefined) return { action: 'do', reason: 'what it depends on is not known' };
  if (!last) return { action: 'do', reason: 'it was not done from here before' };
  if (last.inputs !== inputs) return { action: 'do', reason: 'its inputs changed' };
  const changed = last.applied.find(({ digest }, index) => digest !== now[index]);
  if (!changed) return { action: 'skip' };
  const isGone = now[last.applied.indexOf(changed)] === undefined;
  return { action: 'do', reason: `${changed.kind} ${changed.name} ${isGone ? 'is gone' : 'was changed'}` };
}
