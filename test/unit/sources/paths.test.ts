import { expect, it } from 'vitest';
import { packRows, unpackRows } from '../../../src/sources/packed-rows.ts';
import { Paths } from '../../../src/sources/paths.ts';

const MANY = ['', 'a', 'é/😀', 'b/c d', '\uFFFD'];

it.each([[[]], [['']], [['a']], [MANY]])('paths are the same after they were bytes: %j', (paths) => {
  const { bytes, ends } = Paths.of(paths);
  const read = new Paths(bytes, ends);
  expect(read.length).toBe(paths.length);
  expect(paths.map((_, row) => read.at(row))).toEqual(paths);
  expect(read.slice(1, 3)).toEqual(paths.slice(1, 3));
  expect(read.all()).toEqual(paths);
  expect(read.equals(Paths.of(paths))).toBe(true);
  expect(read.equals(Paths.of([...paths, 'z']))).toBe(false);
});

it('columns are the same after they were packed', () => {
  const columns = {
    paths: Paths.of(MANY),
    stats: Float64Array.from({ length: 20 }, (_, at) => at + 0.5),
    kinds: Uint8Array.from([0, 1, 2, 3, 4]),
    modes: Uint16Array.from([0, 0o777, 0o7777, 1, 2]),
  };
  const memory = Uint8Array.from(packRows(columns)).buffer;
  const packed = { memory, count: MANY.length, pathBytes: columns.paths.bytes.length };
  const { paths, ...numbers } = unpackRows(packed);
  expect(paths.all()).toEqual(MANY);
  expect(numbers).toEqual({ stats: columns.stats, kinds: columns.kinds, modes: columns.modes });
  expect(() => unpackRows({ ...packed, count: 4 })).toThrow(RangeError);
});
