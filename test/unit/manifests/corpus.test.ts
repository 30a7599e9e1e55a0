import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readObjects } from '../../../src/manifests/read-objects.ts';
import { problemsOf } from '../../../src/manifests/find-problems.ts';

/**
 * A file, and what kubectl's libraries read in it. `scripts/differential-manifests.mjs --record`
 * writes the answers.
 */
interface Case {
  rule: string;
  text: string;
  /** The objects before the first error. */
  kubectl: { objects: unknown[]; error?: string };
}

const TEXT = readFileSync(join(import.meta.dirname, 'corpus.json'), 'utf8');
/** Large integers with all their digits. */
const CASES = JSON.parse(TEXT, exactly) as Case[];

function exactly(_: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source ?? '';
  return typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source)
    ? { digits: source }
    : value;
}

describe("the objects of a file are kubectl's", () => {
  it.each(CASES)('$rule', ({ text, kubectl }) => {
    const { found, problems } = readObjects(text.replace(/^\uFEFF/, ''));
    const refused = problems.length + found.filter(({ value }) => isUntyped(value)).length;
    expect(refused > 0).toBe(kubectl.error !== undefined);
    if (kubectl.error === undefined) {
      const ours = JSON.parse(JSON.stringify(found.map(({ value }) => value)), exactly as never) as unknown[];
      expect(ours).toEqual(kubectl.objects);
    }
  });
});

function isUntyped(value: unknown): boolean {
  return problemsOf(value).some(({ message }) => /^expected (an object|`kind`)/.test(message));
}
