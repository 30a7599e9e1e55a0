import { describe, expect, it } from 'vitest';
import { isAlive, startOf } from '../../../src/machine/running-process.ts';

describe('a process', () => {
  const { pid } = process;

  it.each([
    ['this one', { pid, started: startOf(pid) }, true],
    ['one without a start time, as in old lock files', { pid }, true],
    ['one whose start time was unknown', { pid, started: '' }, true],
    ['an earlier one with the same pid', { pid, started: 'long ago' }, false],
    ['an earlier one with the pid of a process of root', { pid: 1, started: 'long ago' }, false],
    ['one that has ended', { pid: 2 ** 30 }, false],
    ['one without a pid', { pid: NaN }, false],
    ['the process group, which the kernel calls 0', { pid: 0 }, false],
  ])('is alive: %s: %j', (_, process_, alive) => {
    expect(isAlive(process_)).toBe(alive);
  });
});
