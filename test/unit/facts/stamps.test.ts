import { describe, expect, it } from 'vitest';
import { resolveStamps, type RawStamps } from '../../../src/settings/image-facts.ts';
import type { Problem } from '../../../src/config/schema.ts';
import { carriedBy } from '../../../src/facts/facts-now.ts';
import { unknownFacts, type ImageFacts } from '../../../src/facts/image-facts.ts';
import { stampValues } from '../../../src/facts/stamp-values.ts';

const FACTS: ImageFacts = {
  commit: 'abc',
  commitTime: '2026-01-01T00:00:00Z',
  dirty: [],
  version: 'v1-2-gabc',
  branch: 'main',
  source: 'https://example.invalid/x.git',
};

function resolved(raw: RawStamps, buildArgs: object = {}) {
  const problems: Problem[] = [];
  const stamps = resolveStamps(raw, buildArgs, 'images.api.stamps', problems);
  return { stamps, problems };
}

describe('the stamps of a configuration', () => {
  it('are what the form of their names says, unless they say otherwise', () => {
    const { stamps, problems } = resolved({
      GIT_COMMIT: 'commit',
      'org.opencontainers.image.revision': 'commit',
      '/etc/commit': 'commit',
      COMPILED: { fact: 'version', as: 'arg' },
      OLD: { fact: 'branch', as: 'label' },
    });
    expect(stamps.map(({ as }) => as)).toEqual(['env', 'label', 'file', 'arg', 'label']);
    expect(problems).toEqual([]);
  });

  it.each<[string, RawStamps, object?]>([
    ['/a b', { '/a b': 'commit' }],
    ['/', { '/': 'commit' }],
    ['a', { a: { fact: 'commit', as: 'file' } }],
    ['a.b', { 'a.b': { fact: 'commit', as: 'env' } }],
    ['a b', { 'a b': 'commit' }],
    ['dev.kind-harness.inputs', { 'dev.kind-harness.inputs': 'commit' }],
    ['V', { V: { fact: 'commit', as: 'arg' } }, { V: '1' }],
  ])('cannot have the name %s', (name, raw, buildArgs) => {
    expect(resolved(raw, buildArgs).problems).toEqual([
      { path: `images.api.stamps.${name}`, message: expect.stringContaining('expected') as string },
    ]);
  });
});

describe('the values of stamps', () => {
  it('go where the stamps say', () => {
    const { stamps } = resolved({
      GIT_COMMIT: 'commit',
      'org.example.source': 'source',
      '/etc/time': 'commit-time',
      V: { fact: 'version', as: 'arg' },
      AT: 'build-time',
    });
    expect(stampValues(stamps, FACTS, 0)).toMatchObject({
      args: { V: 'v1-2-gabc' },
      labels: { 'org.example.source': 'https://example.invalid/x.git' },
      instructions: [
        "ENV GIT_COMMIT='abc'",
        "ENV AT='1970-01-01T00:00:00Z'",
        "COPY <<'KIND_HARNESS_STAMP' /etc/time\n2026-01-01T00:00:00Z\nKIND_HARNESS_STAMP",
      ],
    });
  });

  it('say that files differ, or that nothing is known', () => {
    const { stamps } = resolved({ C: 'commit', V: 'version', T: 'commit-time' });
    expect(stampValues(stamps, { ...FACTS, dirty: ['a'] }, 0).values).toMatchObject({
      C: 'abc-dirty',
      V: 'v1-2-gabc-dirty',
    });
    expect(stampValues(stamps, unknownFacts('why'), 0).values).toEqual({ C: 'unknown', V: 'unknown', T: 'unknown' });
  });

  it('cannot become instructions', () => {
    const { stamps } = resolved({ B: 'branch' });
    const { instructions } = stampValues(stamps, { ...FACTS, branch: "a'$B\nRUN rm" }, 0);
    expect(instructions).toEqual(["ENV B='a_$B_RUN rm'"]);
  });

  it('are read from the image, or from the record where it cannot be seen', () => {
    const { stamps } = resolved({ C: 'commit', 'l.l': 'commit', '/f': 'commit', N: 'commit' });
    const found = { env: ['PATH=/', 'C=1=2', 'CC=3'], labels: { 'l.l': '4' } };
    expect(carriedBy(found, stamps, { '/f': '5', C: 'other' })).toEqual({ C: '1=2', 'l.l': '4', '/f': '5' });
  });
});
