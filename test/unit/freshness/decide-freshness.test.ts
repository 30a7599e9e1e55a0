import { describe, expect, it } from 'vitest';
import { decideBuild } from '../../../src/building/decide-build.ts';
import {
  decideFreshness,
  describeChange,
  type FreshnessDecision,
  type FreshnessFacts,
} from '../../../src/freshness/decide-freshness.ts';
import { compareInputs, inputsDigest, type Inputs } from '../../../src/freshness/inputs.ts';
import { NOT_KNOWN } from '../../../src/freshness/judge-sources.ts';
import { fileSet } from '../../../src/sources/file-set.ts';

const NOW = Date.parse('2026-01-02T12:00:00Z');
const MINUTE = 60_000;

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
    builtFrom: built && inputsDigest(built),
    origin: 'own',
    builtAt: NOW - 11 * MINUTE,
    now: NOW,
    changesSince: (digest) => (built && digest === inputsDigest(built) ? compareInputs(built, now) : undefined),
    digest: inputsDigest(now),
    files: now.trees['context']?.count ?? 0,
    uncounted: [],
    pendingBases: [],
    newerFiles: 0,
    ...more,
  };
}

describe('the verdict on an image', () => {
  it('is fresh when its label has the digest of its inputs, and names the age of the build', () => {
    expect(decideFreshness(facts(inputs(), inputs()))).toEqual({
      verdict: 'fresh',
      reason: '1 file, unchanged since the build 11 min ago',
      changes: [],
    });
  });

  it('names no age when the build time is unknown or in the future', () => {
    for (const builtAt of [undefined, NOW + MINUTE]) {
      expect(decideFreshness(facts(inputs(), inputs(), { builtAt }))).toMatchObject({
        verdict: 'fresh',
        reason: '1 file, unchanged since the build',
      });
    }
  });

  it('is fresh by its label alone, without a record on this machine', () => {
    expect(decideFreshness({ ...facts(inputs({}), inputs({})), changesSince: () => undefined })).toEqual({
      verdict: 'fresh',
      reason: '0 files, unchanged since the build 11 min ago',
      changes: [],
    });
  });

  it('is fresh when files were touched but not changed, and counts them', () => {
    const two = inputs({ a: '1', b: '1' });
    expect(decideFreshness(facts(two, two, { newerFiles: 2 }))).toMatchObject({
      verdict: 'fresh',
      reason: '2 files, unchanged since the build 11 min ago; 2 touched, but not changed',
    });
  });

  it('is missing when there is no image, even if there is a record', () => {
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

  it.each([
    ['inherited', 'another image carries its label: one that was committed or built from it'],
    ['unproven', 'nothing proves that its label is its own: an earlier version built it, or it was changed since'],
  ] as const)('is stale when its label is %s, though the digest on it is right', (origin, reason) => {
    expect(decideFreshness(facts(inputs(), inputs(), { origin }))).toEqual({ verdict: 'stale', reason, changes: [] });
  });

  it('names what changed when it is another image than the label says, and the inputs changed, too', () => {
    const changed = facts(inputs({ a: '2' }), inputs({ a: '1' }), { origin: 'unproven' });
    expect(decideFreshness(changed)).toMatchObject({ verdict: 'stale', reason: '1 file changed: a (modified)' });
  });

  it('is stale when BuildKit used something that did not count, with its name if that is on record', () => {
    const built = facts(inputs(), inputs(), { builtFrom: NOT_KNOWN });
    expect(decideFreshness(built)).toEqual({
      verdict: 'stale',
      reason: 'BuildKit used something that the harness did not count',
      changes: [],
    });
    expect(decideFreshness({ ...built, uncounted: [{ kind: 'uncounted', reference: 'tools:1' }] })).toMatchObject({
      verdict: 'stale',
      reason: 'BuildKit used tools:1, which the harness did not count',
    });
  });

  it('is stale when one of its bases will be built', () => {
    const pending = facts(inputs(), inputs(), { pendingBases: ['base', 'tools'] });
    expect(decideFreshness(pending)).toMatchObject({
      verdict: 'stale',
      reason: 'built from base, tools, which will be built',
    });
  });

  it('is stale without a matching record, with a reason that names no changes', () => {
    const current = inputs({ a: '2' });
    const reason = 'its inputs changed (the previous ones are not on record here)';
    expect(decideFreshness({ ...facts(current, inputs()), changesSince: () => undefined })).toEqual({
      verdict: 'stale',
      reason,
      changes: [],
    });
  });

  it('is stale when the record shows no changes but the digests differ', () => {
    const unchanged = facts(inputs(), inputs(), { builtFrom: 'sha256:older format', changesSince: () => [] });
    expect(decideFreshness(unchanged)).toEqual({
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

describe('the description of a change', () => {
  it.each([
    [{ path: 'target', kind: 'setting', detail: 'a → b' }, 'target: a → b'],
    [{ path: 'secret npm', kind: 'setting' }, 'secret npm changed'],
    [{ path: 'debian:12', kind: 'base', detail: '1 → 2' }, 'base image debian:12 was replaced'],
    [{ path: 'src/a', kind: 'deleted' }, 'src/a (deleted)'],
    [{ path: 'src/a', kind: 'mode', context: 'tools' }, 'tools: src/a (mode)'],
  ] as const)('%o', (change, description) => {
    expect(describeChange(change)).toBe(description);
  });
});

describe('what a tier does about a verdict', () => {
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

  it('takes a cache image that was built from the same inputs, unless the image is fresh or a build is forced', () => {
    const wishes = { tier: 'test-cached', cacheImage: 'ci/api:main' } as const;
    expect(verdicts.map((verdict) => decideBuild(decision(verdict), wishes).action)).toEqual(['skip', 'take', 'take']);
    expect(decideBuild(decision('missing'), wishes)).toMatchObject({
      verdict: 'missing',
      reason: 'ci/api:main was built from the same inputs',
    });
    expect(decideBuild(decision('missing'), { ...wishes, force: true }).action).toBe('build');
  });
});
