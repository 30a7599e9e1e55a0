import { describe, expect, it } from 'vitest';
import { buildOrder } from '../../../src/building/decide-order.ts';

describe('the order of builds', () => {
  it('puts each image after those it is built from, and otherwise keeps the order', () => {
    const needs = new Map([
      ['app', ['runtime', 'tools']],
      ['worker', ['runtime']],
      ['runtime', ['base']],
      ['tools', []],
      ['base', []],
    ]);
    expect(buildOrder(needs)).toEqual(['base', 'runtime', 'tools', 'app', 'worker']);
    expect(buildOrder(new Map())).toEqual([]);
  });

  it('names the images of a cycle, and only those', () => {
    const needs = new Map([
      ['app', ['a']],
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['a']],
    ]);
    expect(() => buildOrder(needs)).toThrow(
      expect.objectContaining({ code: 'CONFIG', message: 'The images a → b → c → a are built from each other.' }),
    );
    expect(() => buildOrder(new Map([['x', ['x']]]))).toThrow('The image x is built from itself.');
  });
});
