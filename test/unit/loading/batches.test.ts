import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Batches } from '../../../src/loading/batches.ts';

/** Batches whose journeys end when the test says so. */
function batches(): {
  add: (way: string, item: string) => void;
  left: string[][];
  arrive: (at: number) => Promise<void>;
} {
  const left: string[][] = [];
  const arrivals: (() => void)[] = [];
  const all = new Batches<string>((items) => {
    left.push([...items]);
    return new Promise((resolve) => arrivals.push(resolve));
  });
  const arrive = async (at: number) => {
    arrivals[at]?.();
    await turn();
  };
  return { add: (way, item) => all.add(way, item), left, arrive };
}

describe('what goes the same way', () => {
  it('leaves at once when nothing is on the way', async () => {
    const { add, left, arrive } = batches();
    add('x', 'first');
    expect(left).toEqual([['first']]);
    await arrive(0);
    add('x', 'second');
    expect(left).toEqual([['first'], ['second']]);
  });

  it('waits while something is, and then leaves together, in the order in which it came', async () => {
    const { add, left, arrive } = batches();
    for (const item of ['a', 'b', 'c']) add('x', item);
    expect(left).toEqual([['a']]);
    await arrive(0);
    expect(left).toEqual([['a'], ['b', 'c']]);
    add('x', 'd');
    await arrive(1);
    expect(left).toEqual([['a'], ['b', 'c'], ['d']]);
    await arrive(2);
    expect(left).toHaveLength(3);
  });

  it('does not wait for what goes another way', async () => {
    const { add, left, arrive } = batches();
    add('x', 'a');
    add('y', 'b');
    add('x', 'c');
    add('y', 'd');
    expect(left).toEqual([['a'], ['b']]);
    await arrive(1);
    expect(left).toEqual([['a'], ['b'], ['d']]);
  });
});
