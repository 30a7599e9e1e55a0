import { expect, test } from 'vitest';
import { isAtLeast, versionIn } from '../../../src/core/version.ts';

test.each([
  ['kind v0.33.0 go1.27.2 linux/amd64', '0.33.0'],
  ['Docker version 28.2.2, build e6534b4', '28.2.2'],
  ['github.com/docker/buildx 0.29.1+ds1 0.29.1+ds1-4', '0.29.1'],
  ['go version go1.26 linux/amd64', '1.26'],
  ['unknown', undefined],
])('the version in "%s"', (text, version) => {
  expect(versionIn(text)).toBe(version);
});

test.each([
  ['0.30.0', '0.30.0', true],
  ['0.33', '0.30.0', true],
  ['1.0', '0.30.0', true],
  ['0.9.9', '0.30.0', false],
  ['22.21.9', '22.22.0', false],
  [undefined, '0.30.0', false],
])('%s is at least %s: %s', (version, oldest, answer) => {
  expect(isAtLeast(version, oldest)).toBe(answer);
});
