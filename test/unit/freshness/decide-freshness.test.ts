import { describe, expect, it } from 'vitest';
import { decideBuild } from '../../../src/building/decide-build.ts';
import {
  decideFreshness,
  describeChange,
  type FreshnessDecision,
  type FreshnessFacts,
} from '../../../src/freshness/decide-freshness.ts';
import { compareInputs, inputsDigest, type Inputs } from '../../../src/freshness/inputs.ts';
import { fileSet } from '../../../src/sources/file-set.ts';

function inputs(
  files: Record<string, string> = { a: 'file 644 1' },
  settings: Record<string, string> = {},
  bases: Record<string, string> = {},
): Inputs {
  return { trees: { context: fileSet(new Map(Object.entries(files))) }, settings, bases };
}

function facts(now: Inputs, built: Inputs | undefined, more: Partial<FreshnessFacts> = {}): FreshnessFacts {
  return {
    exists: true,
    ...(built === undefined ? {} : { builtFrom: inputsDigest(built) }),
    changesSince: (digest) => (built && digest === inputsDigest(built) ? compareInputs(built, now) : undefined),
    digest: inputsDigest(now),
    files: now.trees['context']?.count ?? 0,
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
    expect(decideFreshness({ ...facts(inputs({}), inputs({})), changesSince: () => undefined })).toEqual({
      verdict: 'fresh',
      reason: '0 files',
      changes: [],
    });
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
    expect(decideFreshness(pending)).toMatchObject({
      verdict: 'stale',
      reason: 'built from base, tools, which will be built',
    });
  });

  it('is stale without a matching record, and says that it cannot say why', () => {
    const now = inputs({ a: '2' });
    const reason = 'its inputs changed (what they were is not on record here)';
    expect(decideFreshness({ ...facts(now, inputs()), changesSince: () => undefined })).toEqual({
      verdict: 'stale',
      reason,
      changes: [],
    });
  });

  it('does not believe a record that claims the image is as the inputs are now', () => {
    const lying = facts(inputs(), inputs(), { builtFrom: 'sha256:older format', changesSince: () => [] });
    expect(decideFreshness(lying)).toEqual({
      verdict: 'stale',
      reason: 'the format of the record changed',
      changes: [],
    });
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

describe('a change in words', () => {
  it.each([
    [{ path: 'target', kind: 'setting', detail: 'a → b' }, 'target: a → b'],
    [{ path: 'secret npm', kind: 'setting' }, 'secret npm changed'],
    [{ path: 'debian:12', kind: 'base', detail: '1 → 2' }, 'base image debian:12 was replaced'],
    [{ path: 'src/a', kind: 'deleted' }, 'src/a (deleted)'],
    [{ path: 'src/a', kind: 'mode', context: 'tools' }, 'tools: src/a (mode)'],
  ] as const)('%o', (change, words) => {
    expect(describeChange(change)).toBe(words);
  });
});

describe('what a tier does about it', () => {
  const verdicts = ['fresh', 'stale', 'missing'] as const;
  const decision = (verdict: FreshnessDecision['verdict']): FreshnessDecision => ({
    verdict,
    reason: 'why',
    changes: [],
  });

  it.each([
    ['test-kind', false, ['build', 'build', 'build']],
    ['test-cached', false, ['skip', 'build', 'build']],
    ['test-fast', false, ['skip', 'skip', 'skip']],
    ['test-kind', true, ['build', 'build', 'build']],
    ['test-cached', true, ['build', 'build', 'build']],
  ] as const)('%s, forced: %s', (tier, force, actions) => {
    expect(verdicts.map((verdict) => decideBuild(decision(verdict), { tier, force }).action)).toEqual(actions);
    expect(decideBuild(decision('stale'), { tier, force })).toMatchObject({ verdict: 'stale', reason: 'why' });
  });

  it('takes a cache image that was built from the same inputs, where it would build and nobody insists', () => {
    const wish = { tier: 'test-cached', cacheImage: 'ci/api:main' } as const;
    expect(verdicts.map((verdict) => decideBuild(decision(verdict), wish).action)).toEqual(['skip', 'take', 'take']);
    expect(decideBuild(decision('missing'), wish)).toMatchObject({
      verdict: 'missing',
      reason: 'ci/api:main was built from the same inputs',
    });
    expect(decideBuild(decision('missing'), { ...wish, force: true }).action).toBe('build');
  });
});
