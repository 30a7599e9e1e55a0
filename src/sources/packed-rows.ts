import { Paths } from './paths.ts';
import { STAT_COLUMNS, type StatRows } from './rows.ts';

/** The columns of rows in one piece of memory, as they are stored. Threads can share it. */
export interface PackedRows {
  memory: ArrayBufferLike;
  /** The number of rows. */
  count: number;
  /** The bytes of all paths. */
  pathBytes: number;
}

type Columns = Omit<StatRows, 'doubted'>;

/** The bytes of the columns, in the order in which `unpackRows` expects them. */
export function packRows({ stats, paths, modes, kinds }: Columns): Buffer {
  return Buffer.concat([stats, paths.ends, modes, kinds, paths.bytes].map(bytesOf));
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** The columns in packed rows. Nothing is copied. @throws RangeError if they do not fit */
export function unpackRows({ memory, count, pathBytes }: PackedRows): Columns {
  let at = 0;
  const next = (bytes: number) => (at += bytes) - bytes;
  // the largest numbers first: each array begins at a multiple of their size
  const stats = new Float64Array(memory, next(8 * STAT_COLUMNS * count), STAT_COLUMNS * count);
  const ends = new Uint32Array(memory, next(4 * count), count);
  const modes = new Uint16Array(memory, next(2 * count), count);
  const kinds = new Uint8Array(memory, next(count), count);
  const paths = new Paths(new Uint8Array(memory, next(pathBytes), pathBytes), ends);
  if (at !== memory.byteLength) throw new RangeError('the columns do not fit');
  return { stats, modes, kinds, paths };
}
