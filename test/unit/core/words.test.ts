import { expect, it } from 'vitest';
import { count, dataSize, seconds } from '../../../src/core/words.ts';

it.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [999.6, '1.0 s'],
  [1_000, '1.0 s'],
  [59_900, '59.9 s'],
  [59_960, '1 min'],
  [60_000, '1 min'],
  [119_700, '2 min'],
  [425_000, '7 min 5 s'],
])('writes %s milliseconds as %s', (ms, text) => {
  expect(seconds(ms)).toBe(text);
});

it.each([
  [0, '0 kB'],
  [1, '1 kB'],
  [99_000, '99 kB'],
  [99_960, '0.1 MB'],
  [4_900_000, '4.9 MB'],
  [999_900_000, '999.9 MB'],
  [999_960_000, '1.0 GB'],
  [1_003_000_000, '1.0 GB'],
])('writes %s bytes as %s', (bytes, text) => {
  expect(dataSize(bytes)).toBe(text);
});

it('counts with the right form of the noun', () => {
  expect([count(0, 'file'), count(1, 'file'), count(2, 'file')]).toEqual(['0 files', '1 file', '2 files']);
});
