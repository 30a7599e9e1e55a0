import { describe, expect, it } from 'vitest';
import { chainIds } from '../../../src/containerd/chain-ids.ts';
import type { UsedSource } from '../../../src/docker/build-metadata.ts';
import type { DockerImage } from '../../../src/docker/engine.ts';
import { describeProblem, judgeSources, type CountedSources } from '../../../src/freshness/judge-sources.ts';

const LAYERS = ['sha256:one', 'sha256:two'];

function base(more: Partial<DockerImage> = {}): DockerImage {
  return {
    id: 'sha256:id',
    tags: [],
    created: new Date(0),
    size: 0,
    labels: {},
    inContainerd: false,
    layers: LAYERS,
    repoDigests: ['sha256:pulled'],
    onBuild: [],
    config: {},
    platform: 'linux/amd64',
    env: [],
    ...more,
  };
}

const image = (reference: string, more: Partial<UsedSource> = {}): UsedSource => ({
  kind: 'image',
  reference,
  digest: undefined,
  platform: 'linux/amd64',
  ...more,
});

const url = (reference: string): UsedSource => ({ kind: 'url', reference, digest: 'sha256:x', platform: undefined });

function judge(used: UsedSource[], counted: Partial<CountedSources> = {}) {
  return judgeSources(used, {
    bases: {},
    standIns: [],
    isUrlNamed: () => false,
    platform: 'linux/amd64',
    ...counted,
  });
}

describe('what a build used', () => {
  it.each(['alpine', 'alpine:latest', 'docker.io/library/alpine'])('was counted as %s', (reference) => {
    expect(judge([image('docker.io/library/alpine:latest')], { bases: { [reference]: undefined } })).toEqual([]);
  });

  it('may be less than what counted: a stage that the target does not need', () => {
    expect(judge([], { bases: { alpine: base() } })).toEqual([]);
  });

  it('was not counted if the Dockerfile was misread', () => {
    const problems = judge([image('docker.io/shop/tools:1'), image('docker.io/shop/tools:1')], {
      bases: { alpine: undefined },
    });
    expect(problems).toEqual([{ kind: 'uncounted', reference: 'docker.io/shop/tools:1' }]);
    expect(problems.map(describeProblem)).toEqual(['BuildKit used shop/tools:1, which the harness did not count']);
  });

  it('was counted if it stands in for a base', () => {
    const counted = { bases: { 'debian:bookworm': base() }, standIns: ['kind-harness/debian:bookworm'] };
    expect(judge([image('docker.io/kind-harness/debian:bookworm', { digest: 'sha256:other' })], counted)).toEqual([]);
  });

  it.each([
    ['the chain id of its layers', chainIds(LAYERS).at(-1)],
    ["the engine's id", 'sha256:id'],
    ['its manifest', 'sha256:manifest'],
    ['the digest that it was pulled by', 'sha256:pulled'],
  ])('is the image that counted, by %s', (_, digest) => {
    const counted = { bases: { alpine: base({ manifest: 'sha256:manifest' }) } };
    expect(judge([image('docker.io/library/alpine:latest', { digest })], counted)).toEqual([]);
  });

  it('is not the image that counted if its name moved during the build', () => {
    const problems = judge([image('docker.io/library/alpine:latest', { digest: 'sha256:other' })], {
      bases: { alpine: base() },
    });
    expect(problems).toEqual([{ kind: 'replaced', reference: 'alpine' }]);
    expect(problems.map(describeProblem)).toEqual([
      'BuildKit used another alpine than the one that the harness counted',
    ]);
  });

  it('is not compared for a foreign platform, which the engine does not have', () => {
    const used = [image('docker.io/library/alpine:latest', { digest: 'sha256:other', platform: 'linux/arm64/v8' })];
    expect(judge(used, { bases: { alpine: base() } })).toEqual([]);
    expect(judge(used, { bases: { alpine: base() }, platform: 'linux/arm64' })).toHaveLength(1);
  });

  it('is a URL that is named or not', () => {
    expect(judge([url('https://host/a')], { isUrlNamed: (seen) => seen === 'https://host/a' })).toEqual([]);
    expect(judge([url('https://host/b')])).toEqual([{ kind: 'uncounted', reference: 'https://host/b' }]);
  });
});
