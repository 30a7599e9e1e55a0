import { expect, it } from 'vitest';
import { sharedEntries } from '../../../src/sizes/judge-shared.ts';

/** Entries from the lowest on: text, bytes. */
const image = (entries: [string, number][], layers: string[], created = 1) => ({
  history: entries.map(([instruction, bytes]) => ({ instruction, bytes, created })).reverse(),
  layers,
});

const BASE: [string, number][] = [
  ['ADD rootfs /', 80],
  ['CMD sh', 0],
];
const one = image([...BASE, ['WORKDIR /a', 0], ['RUN npm ci', 5]], ['a', 'b', 'c']);

it.each([
  ['themselves', one, 4],
  ['the start', image([...BASE, ['WORKDIR /a', 0], ['COPY', 7]], ['a', 'b', 'd']), 3],
  ['the base', image([...BASE, ['COPY', 7]], ['a', 'd']), 2],
  ['a smaller image', image(BASE, ['a']), 2],
  ['equal entries with other contents', image([...BASE, ['WORKDIR /a', 0], ['RUN npm ci', 5]], ['a', 'b', 'x']), 3],
  ['entries of another build', image(BASE, ['a'], 2), 0],
  ['no layer', image(BASE, ['x']), 0],
  ['nothing', image([], []), 0],
])('images share %s', (_, other, entries) => {
  expect(sharedEntries(one, other)).toBe(entries);
  expect(sharedEntries(other, one)).toBe(entries);
});
