import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseBuildMetadata, readBuildMetadata } from '../../../src/docker/build-metadata.ts';
import { scratch } from '../../support/scratch.ts';

const DIGEST = 'a'.repeat(64);

/** The sources in a report with these materials. */
function sources(...materials: object[]) {
  return parseBuildMetadata({ 'buildx.build.provenance': { materials } }).sources;
}

describe("BuildKit's report", () => {
  it('names the digests of the image', () => {
    const file = join(scratch(), 'metadata.json');
    expect(readBuildMetadata(file)).toEqual({ digests: [], sources: undefined });
    writeFileSync(file, JSON.stringify({ 'containerimage.digest': 'sha256:1', 'image.name': 'app' }));
    expect(readBuildMetadata(file)).toEqual({ digests: ['sha256:1'], sources: undefined });
  });

  it.each([
    ['pkg:docker/alpine@3.20?platform=linux%2Famd64', 'docker.io/library/alpine:3.20'],
    ['pkg:docker/shop/base@dev', 'docker.io/shop/base:dev'],
    ['pkg:docker/localhost%3A5000/base@1?platform=linux%2Farm64', 'localhost:5000/base:1'],
    ['pkg:docker/quay.io/a/b/c@1', 'quay.io/a/b/c:1'],
    [`pkg:docker/alpine?digest=sha256:${DIGEST}`, `docker.io/library/alpine@sha256:${DIGEST}`],
    [`pkg:docker/alpine@3?digest=sha256%3A${DIGEST}&platform=linux%2F386`, `docker.io/library/alpine@sha256:${DIGEST}`],
  ])('names an image: %s', (uri, reference) => {
    expect(sources({ uri, digest: { sha256: '1' } })).toMatchObject([{ kind: 'image', reference, digest: 'sha256:1' }]);
  });

  it('names the platform of an image', () => {
    expect(sources({ uri: 'pkg:docker/a@1?platform=linux%2Farm%2Fv7' })).toEqual([
      { kind: 'image', reference: 'docker.io/library/a:1', digest: undefined, platform: 'linux/arm/v7' },
    ]);
  });

  it('names a URL with what was found there', () => {
    const uri = 'https://host/repository.git#main';
    expect(sources({ uri, digest: { sha1: 'abc' } })).toMatchObject([
      { kind: 'url', reference: uri, digest: 'sha1:abc' },
    ]);
  });

  it('may be that nothing was used', () => {
    expect(parseBuildMetadata({ 'buildx.build.provenance': {} }).sources).toEqual([]);
  });

  it('has a part for each platform, in the form of either version', () => {
    const report = {
      'buildx.build.provenance/linux/amd64': { materials: [{ uri: 'pkg:docker/a@1' }] },
      'buildx.build.provenance/linux/arm64': {
        buildDefinition: { resolvedDependencies: [{ uri: 'pkg:docker/b@1' }] },
      },
    };
    expect(parseBuildMetadata(report).sources?.map(({ reference }) => reference)).toEqual([
      'docker.io/library/a:1',
      'docker.io/library/b:1',
    ]);
  });
});
