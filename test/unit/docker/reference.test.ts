import { describe, expect, it } from 'vitest';
import { canonicalName, parseReference, repositoryOf } from '../../../src/docker/reference.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;

describe('an image reference', () => {
  it.each([
    ['app', 'docker.io/library/app:latest'],
    ['app:dev', 'docker.io/library/app:dev'],
    ['me/app:1', 'docker.io/me/app:1'],
    ['docker.io/app', 'docker.io/library/app:latest'],
    ['docker.io/me/app', 'docker.io/me/app:latest'],
    ['localhost/app', 'localhost/app:latest'],
    ['localhost:5000/app', 'localhost:5000/app:latest'],
    ['registry:5000/deep/er/app:v1.2_3-4', 'registry:5000/deep/er/app:v1.2_3-4'],
    ['quay.io/me/app', 'quay.io/me/app:latest'],
    ['[::1]:5000/app', '[::1]:5000/app:latest'],
    ['Host/app', 'Host/app:latest'],
    ['a__b/c--d/e.f', 'docker.io/a__b/c--d/e.f:latest'],
    [`app@${DIGEST}`, `docker.io/library/app@${DIGEST}`],
    [`reg.io:5000/me/app:1@${DIGEST}`, `reg.io:5000/me/app@${DIGEST}`],
  ])('%s is %s in a node', (reference, name) => {
    expect(canonicalName(reference)).toBe(name);
  });

  it.each([
    '',
    ':tag',
    'App',
    'me/App',
    'a b',
    'a:',
    'a:b:c',
    'a//b',
    '/a',
    'a/',
    'a@b',
    `a@${DIGEST}@${DIGEST}`,
    `a:${'x'.repeat(129)}`,
    '-a',
    'a_-b',
    'reg.io:port/a',
    'a:.b',
  ])('%j is not valid', (text) => {
    expect(parseReference(text)).toBeUndefined();
    expect(canonicalName(text)).toBeUndefined();
    expect(repositoryOf(text)).toBeUndefined();
  });

  it('has a full repository without tag or digest', () => {
    expect(repositoryOf('localhost:5000/me/app:1')).toBe('localhost:5000/me/app');
    expect(repositoryOf(`app@${DIGEST}`)).toBe('docker.io/library/app');
  });
});
