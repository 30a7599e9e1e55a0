import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FILE_SYSTEM, isSettled, type Clock } from '../../../src/machine/fs-clock.ts';
import { readContext } from '../../../src/sources/context.ts';
import { plant, scratch } from '../../support/scratch.ts';

vi.mock(import('node:fs'), { spy: true });

const { lstatSync } = await vi.importActual<typeof fs>('node:fs');

afterEach(() => void vi.mocked(fs.lstatSync).mockReset());

/** Lets all files look as on a file system that stores times in another way. */
function storesTimes(as: (stat: fs.Stats) => Partial<fs.Stats>): void {
  const read = (path: fs.PathLike, options?: object) => {
    const stat = lstatSync(path, options);
    return stat && Object.assign(stat, as(stat));
  };
  vi.mocked(fs.lstatSync).mockImplementation(read);
}

/** FAT has one time, in units of two seconds. */
const asOnFat = ({ mtimeMs }: fs.Stats) => {
  const time = Math.floor(mtimeMs / 2_000) * 2_000;
  return { mtimeMs: time, ctimeMs: time };
};

describe('a change time', () => {
  const isOne = () => FILE_SYSTEM.readClock(join(scratch(), 'probe')).stampsChanges;

  it('is found here', () => {
    expect(isOne()).toBe(true);
  });

  it.each([
    ['copies the modification time', ({ mtimeMs }: fs.Stats) => ({ ctimeMs: mtimeMs })],
    ['copies it coarsely', asOnFat],
    ['is the time of creation', ({ birthtimeMs }: fs.Stats) => ({ ctimeMs: birthtimeMs })],
  ])('is none if it %s', (_, as) => {
    storesTimes(as);
    expect(isOne()).toBe(false);
  });

  it('may tick late', () => {
    const ticksAt = performance.now() + 20;
    let late = 0;
    storesTimes(({ mtimeMs, ctimeMs }) => {
      if (performance.now() > ticksAt) late = 20;
      return { mtimeMs: mtimeMs > 2_000 ? 5_000 + late : mtimeMs, ctimeMs: Math.min(ctimeMs, 5_000 + late) };
    });
    expect(isOne()).toBe(true);
  });
});

describe('a stamp', () => {
  const clock: Clock = { own: 1e12, fileSystem: 1e12, device: 1, stampsChanges: true };
  const stat = (more: Partial<fs.Stats>) => ({ dev: 1, mtimeMs: 1_234.5, ctimeMs: 1_234.5, ...more }) as fs.Stats;

  it('is never settled without a change time', () => {
    expect(isSettled(stat({}), undefined, clock, 2_000)).toBe(true);
    expect(isSettled(stat({}), undefined, { ...clock, stampsChanges: false }, 2_000)).toBe(false);
    expect(isSettled(stat({}), 0, { ...clock, stampsChanges: false }, 2_000)).toBe(false);
  });

  it('on a file system that was not tested is settled after a while, unless it has one coarse time', () => {
    expect(isSettled(stat({ dev: 2 }), 0, clock, 2_000)).toBe(true);
    expect(isSettled(stat({ dev: 2, mtimeMs: 4_000, ctimeMs: 4_000 }), 0, clock, 2_000)).toBe(false);
    expect(isSettled(stat({ dev: 2, mtimeMs: 4_000, ctimeMs: 4_000.5 }), 0, clock, 2_000)).toBe(true);
  });
});

describe('a context on a file system without a change time', () => {
  it('is read each time, so that a content under an old time is seen', async () => {
    storesTimes(asOnFat);
    const root = scratch();
    const [file, index] = [join(root, 'context', 'file'), join(root, 'index')];
    const long = new Date('2020-01-01');
    const write = (content: string) => {
      plant(root, { 'context/file': content });
      fs.utimesSync(file, long, long);
    };
    const digest = async () => (await readContext(join(root, 'context'), '', index)).files.digest;
    write('A');
    const first = await digest();
    expect(await digest()).toBe(first);
    write('B');
    expect(await digest()).not.toBe(first);
    write('A');
    expect(await digest()).toBe(first);
  });
});
