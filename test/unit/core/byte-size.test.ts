import { expect, it } from 'vitest';
import { byteSize, isByteSize } from '../../../src/core/byte-size.ts';

it.each([
  ['50 MB', 50_000_000],
  ['1.5GiB', 1_610_612_736],
  ['10 kB', 10_000],
  ['7b', 7],
])('%s is %i bytes', (text, bytes) => {
  expect(isByteSize(text)).toBe(true);
  expect(byteSize(text)).toBe(bytes);
});

it.each(['', '50', '0 MB', '-1 MB', '1 TBs', 'MB'])('%j is no size', (text) => {
  expect(isByteSize(text)).toBe(false);
});
