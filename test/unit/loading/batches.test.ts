import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Batches } from '../../../src/loading/batches.ts';

/** Batches whose processing ends when the test calls `finish`. */
function batches(): {
  add: (key: string, item: string) => void;
  started: string[][];
  finish: (at: number) => Promise<void>;
} {
  const started: string[][] = [];
  const ends: (() => void)[] = [];
  const all = new Batches<string>((items) => {
    started.push([...items]);
    return new Promise((resolve) => ends.push(resolve));
  });
  const finish = async (at: number) => {
    ends[at]?.();
    await turn();
  };
  return { add: (key, item) => all.add(key, item), started, finish };
}

describe('items with the same key', () => {
  it('are processed at once when none is being processed', async () => {
    const { add, started, finish } = batches();
    add('x', 'first');
    expect(started).toEqual([['first']]);
    await finish(0);
    add('x', 'second');
    expect(started).toEqual([['first'], ['second']]);
  });

  it('wait while one is being processed, and are then processed together, in their order', async () => {
    const { add, started, finish } = batches();
    for (const item of ['a', 'b', 'c']) add('x', item);
    expect(started).toEqual([['a']]);
    await finish(0);
    expect(started).toEqual([['a'], ['b', 'c']]);
    add('x', 'd');
    await finish(1);
    expect(started).toEqual([['a'], ['b', 'c'], ['d']]);
    await finish(2);
    expect(started).toHaveLength(3);
  });

  it('do not wait for items with another key', async () => {
    const { add, started, finish } = batches();
    add('x', 'a');
    add('y', 'b');
    add('x', 'c');
    add('y', 'd');
    expect(started).toEqual([['a'], ['b']]);
    await finish(1);
    expect(started).toEqual([['a'], ['b'], ['d']]);
  });
});
