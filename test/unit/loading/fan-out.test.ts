import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { fanOut } from '../../../src/loading/fan-out.ts';

/** A source of `count` chunks of 64 kB. `taken` counts the chunks that were read from it. */
function chunks(count: number): { source: Readable; taken: () => number } {
  let taken = 0;
  const source = new Readable({
    highWaterMark: 65_536,
    read() {
      this.push(taken < count ? Buffer.alloc(65_536, taken++ % 256) : null);
    },
  });
  return { source, taken: () => taken };
}

describe('a fan-out', () => {
  it('gives every reader everything', async () => {
    const texts = await Promise.all(fanOut(Readable.from(['ab', 'cd', 'e']), 3).map((reader) => buffer(reader)));
    expect(texts.map(String)).toEqual(['abcde', 'abcde', 'abcde']);
  });

  it('reads at the pace of the slowest reader, and keeps little in memory', async () => {
    const { source, taken } = chunks(500);
    const [quick, slow] = fanOut(source, 2) as [Readable, Readable];
    const all = buffer(quick);
    for (let i = 0; i < 50; i++) await turn();
    expect(taken()).toBeLessThan(20); // nothing has read from `slow` yet
    expect((await buffer(slow)).length).toBe(500 * 65_536);
    expect((await all).length).toBe(500 * 65_536);
  });

  it('is not blocked by a destroyed reader', async () => {
    const [stays, goes] = fanOut(chunks(200).source, 2) as [Readable, Readable];
    goes.once('readable', () => goes.destroy());
    expect((await buffer(stays)).length).toBe(200 * 65_536);
  });

  it('closes the source when all readers are destroyed', async () => {
    const { source, taken } = chunks(10_000);
    const closed = new Promise((resolve) => source.once('close', resolve));
    fanOut(source, 2).forEach((reader) => reader.destroy());
    await closed;
    expect(taken()).toBeLessThan(20);
  });

  it('fails for every reader when the source fails', async () => {
    const source = new Readable({ read() {} });
    const readers = fanOut(source, 2).map((reader) => buffer(reader));
    source.push('beginning');
    source.destroy(new Error('cut off'));
    expect((await Promise.allSettled(readers)).map((end) => end.status === 'rejected' && String(end.reason))).toEqual([
      'Error: cut off',
      'Error: cut off',
    ]);
  });
});
