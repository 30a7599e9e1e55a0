import { expect, it } from 'vitest';
import { isSameResult, type ImageContent } from '../../../src/caching/judge-same-result.ts';
import { LABELS } from '../../../src/core/labels.ts';
import type { Stamp } from '../../../src/settings/image-facts.ts';

const STAMPS: Stamp[] = [
  { name: 'COMMIT', fact: 'commit', as: 'env' },
  { name: 'revision', fact: 'commit', as: 'label' },
  { name: '/etc/commit', fact: 'commit', as: 'file' },
];

function image(commit: string, more: Partial<ImageContent> = {}, config: object = {}): ImageContent {
  const labels = { [LABELS.inputs]: `sha256:${commit}`, [LABELS.project]: 'shop', revision: commit };
  return {
    layers: ['sha256:one', `sha256:${commit}`],
    platform: 'linux/amd64',
    config: { Labels: labels, Env: ['PATH=/bin', `COMMIT=${commit}`], ...{ Cmd: ['/app'] }, ...config },
    ...more,
  };
}

it('ignores the digest of inputs and the values of stamps', () => {
  expect(isSameResult(image('a'), image('b'), STAMPS)).toBe(true);
});

it.each<[string, ImageContent]>([
  ['a layer', image('b', { layers: ['sha256:two', 'sha256:b'] })],
  ['one layer more', image('b', { layers: ['sha256:one', 'sha256:b', 'sha256:c'] })],
  ['the platform', image('b', { platform: 'linux/arm64' })],
  ['the command', image('b', {}, { Cmd: ['/other'] })],
  ['a variable', image('b', {}, { Env: ['PATH=/usr/bin', 'COMMIT=b'] })],
  ['the lack of a stamp', image('b', {}, { Env: ['PATH=/bin'] })],
  ['another label', image('b', {}, { Labels: { ...image('b').config.Labels, tier: 'web' } })],
  ['another project', image('b', {}, { Labels: { ...image('b').config.Labels, [LABELS.project]: 'other' } })],
])('counts %s', (_, other) => {
  expect(isSameResult(image('a'), other, STAMPS)).toBe(false);
});

it('counts the values of stamps that only one of them has', () => {
  expect(isSameResult(image('a'), image('b'), STAMPS.slice(0, 2))).toBe(false);
  expect(isSameResult(image('a'), image('b'), STAMPS.slice(1))).toBe(false);
  expect(isSameResult(image('a'), image('a'), [])).toBe(true);
});
