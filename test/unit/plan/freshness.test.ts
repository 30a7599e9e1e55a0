import { describe, expect, it } from 'vitest';
import type { FreshnessDecision } from '../../../src/model/image.ts';
import { inputsDigest, type Inputs } from '../../../src/model/inputs.ts';
import { decideBuild, decideFreshness, type FreshnessFacts } from '../../../src/plan/freshness.ts';

function inputs(
  files: Record<string, string> = { a: 'file 644 1' },
  settings: Record<string, string> = {},
  bases: Record<string, string> = {},
): Inputs {
  return { files: new Map(Object.entries(files)), settings, bases };
}

function facts(now: Inputs, built: Inputs | undefined, more: Partial<FreshnessFacts> = {}): FreshnessFacts {
  return {
    exists: true,
    ...(built === undefined ? {} : { builtFrom: inputsDigest(built), record: { digest: inputsDigest(built), inputs: built } }),
    digest: inputsDigest(now),
    inputs: now,
    pendingBases: [],
    newerFiles: 0,
    ...more,
  };
}

describe('the verdict on an image', () => {
  it('is fresh when it carries the digest of its inputs', () => {
    expect(decideFreshness(facts(inputs(), inputs()))).toEqual({ verdict: 'fresh', reason: '1 file', changes: [] });
  });

  it('is fresh by its label alone, without a record on this machine', () => {
    const { record: _, ...others } = facts(inputs({}), inputs({}));
    expect(decideFreshness(others)).toEqual({ verdict: 'fresh', reason: '0 files', changes: [] });
  });

  it('is fresh when files were touched and not changed, and says so', () => {
    const two = inputs({ a: '1', b: '1' });
    expect(decideFreshness(facts(two, two, { newerFiles: 2 }))).toMatchObject({
      verdict: 'fresh',
      reason: '2 files, 2 touched, not changed',
    });
  });

  it('is missing when there is no image, whatever is on record', () => {
    expect(decideFreshness(facts(inputs(), inputs(), { exists: false }))).toMatchObject({
      verdict: 'missing',
      reason: 'there is no such image',
    });
  });

  it('is stale when it was built by hand', () => {
    expect(decideFreshness(facts(inputs(), undefined))).toMatchObject({
      verdict: 'stale',
      reason: 'built by hand: it has no record of its inputs',
    });
  });

  it('is stale when what it is built from will be built', () => {
    const pending = facts(inputs(), inputs(), { pendingBases: ['base', 'tools'] });
    expect(decideFreshness(pending)).toMatchObject({ verdict: 'stale', reason: 'built from base, tools, which will be built' });
  });

  it('is stale without a matching record, and says that it cannot say why', () => {
    const now = inputs({ a: '2' });
    const reason = 'its inputs changed (what they were is not on record here)';
    const { record: _, ...others } = facts(now, inputs());
    expect(decideFreshness(others)).toEqual({ verdict: 'stale', reason, changes: [] });
    const ofAnother = { digest: 'sha256:other', inputs: inputs() };
    expect(decideFreshness({ ...others, record: ofAnother })).toEqual({ verdict: 'stale', reason, changes: [] });
  });

  it('does not believe a record that claims the image is as the inputs are now', () => {
    const lying = facts(inputs(), inputs(), {
      builtFrom: 'sha256:older format',
      record: { digest: 'sha256:older format', inputs: inputs() },
    });
    expect(decideFreshness(lying)).toEqual({ verdict: 'stale', reason: 'the format of the record changed', changes: [] });
  });

  it('names what changed: settings, bases, and the first files', () => {
    const before = inputs({ a: 'file 644 1', b: 'file 644 1', c: 'file 644 1' }, { target: 'x' }, { 'debian:12': '1' });
    const after = inputs({ a: 'file 644 2', b: 'file 755 1', d: '1', e: '1' }, { target: 'y' }, { 'debian:12': '2' });
    const { verdict, reason, changes } = decideFreshness(facts(after, before));
    expect(verdict).toBe('stale');
    expect(reason).toBe(
      'target: x → y; base image debian:12 was replaced; 5 files changed: a (modified), b (mode), c (deleted) and 2 more',
    );
    expect(changes).toHaveLength(7);
  });
});

describe('what a tier does about it', () => {
  const verdicts = ['fresh', 'stale', 'missing'] as const;
  const decision = (verdict: FreshnessDecision['verdict']): FreshnessDecision => ({ verdict, reason: 'why', changes: [] });

  it.each([
    ['test-kind', false, ['build', 'build', 'build']],
    ['test-cached', false, ['skip', 'build', 'build']],
    ['test-fast', false, ['skip', 'skip', 'skip']],
    ['test-kind', true, ['build', 'build', 'build']],
    ['test-cached', true, ['build', 'build', 'build']],
  ] as const)('%s, forced: %s', (tier, force, actions) => {
    expect(verdicts.map((verdict) => decideBuild(tier, decision(verdict), force).action)).toEqual(actions);
    expect(decideBuild(tier, decision('stale'), force)).toMatchObject({ verdict: 'stale', reason: 'why' });
  });
});
