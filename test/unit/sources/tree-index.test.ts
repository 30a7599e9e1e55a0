import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FILE_SYSTEM, stampsDirectories } from '../../../src/machine/fs-clock.ts';
import * as hashing from '../../../src/machine/hash-file.ts';
import { readContext } from '../../../src/sources/context.ts';
import { RowBuilder } from '../../../src/sources/rows.ts';
import { TreeIndex, writeIndex } from '../../../src/sources/tree-index.ts';
import { plant, scratch } from '../../support/scratch.ts';

afterEach(() => void vi.restoreAllMocks());

vi.mock(import('../../../src/machine/hash-file.ts'), { spy: true });

/** Long ago by the clock of any file system. */
const SETTLED = new Date('2020-01-01');

/**
 * A tree whose stamps are old enough to be trusted. The change times of directories cannot be set,
 * so the clock is moved instead.
 */
function settledTree(files: Record<string, string>): { context: string; index: string } {
  const root = scratch();
  const context = join(root, 'context');
  mkdirSync(context);
  plant(context, files);
  later(10_000);
  return { context, index: join(root, 'state', 'index') };
}

/** Moves all clocks that are read forward. */
function later(ms: number): void {
  const now = Date.now() + ms;
  vi.spyOn(Date, 'now').mockReturnValue(now);
}

const fileSystem = {
  ...FILE_SYSTEM,
  readClock: (probe: string) => ({ ...FILE_SYSTEM.readClock(probe), own: Date.now(), fileSystem: Date.now() }),
};

/** Checks a tree once. Returns the files that were read. */
async function check({ context, index }: { context: string; index: string }): Promise<string[]> {
  const hashFile = vi.mocked(hashing.hashFile).mockClear();
  const fresh = await readContext(context, '', join(scratch(), 'no-index'), fileSystem);
  hashFile.mockClear();
  const seen = await readContext(context, '', index, fileSystem);
  const read = hashFile.mock.calls.map(([path]) => path.slice(context.length + 1));
  expect(seen.files.digest).toBe(fresh.files.digest);
  expect(seen.files.count).toBe(fresh.files.count);
  expect(seen.files.entries()).toEqual(fresh.files.entries());
  return read;
}

describe('the index of a tree', () => {
  it('saves reading a file again until its stamp changes', async () => {
    const tree = settledTree({ a: '1', 'd/b': '2' });
    expect(await check(tree)).toEqual(['a', 'd/b']);
    expect(await check(tree)).toEqual([]);
    later(10_000);
    for (const [change, changed] of [
      [() => utimesSync(join(tree.context, 'a'), SETTLED, SETTLED), ['a']],
      [() => writeFileSync(join(tree.context, 'd/b'), '3'), ['d/b']],
      [() => plant(tree.context, { 'd/c': '' }), ['d/c']],
    ] as const) {
      change();
      later(10_000);
      expect(await check(tree)).toEqual(changed);
      expect(await check(tree)).toEqual([]);
    }
  });

  it('saves the walk while nothing has changed', async () => {
    const tree = settledTree({ a: '1', 'd/b': '2' });
    await check(tree);
    const readClock = vi.fn(FILE_SYSTEM.readClock);
    await readContext(tree.context, '', tree.index, { ...FILE_SYSTEM, readClock });
    expect(readClock).not.toHaveBeenCalled();
  });

  it('is not written while nothing has changed, and drops deleted files', async () => {
    const tree = settledTree({ a: '', 'long-name-that-is-gone': '' });
    await check(tree);
    utimesSync(tree.index, SETTLED, SETTLED);
    await check(tree);
    expect(statSync(tree.index).mtime).toEqual(SETTLED);
    rmSync(join(tree.context, 'long-name-that-is-gone'));
    await check(tree);
    expect(readFileSync(tree.index, 'latin1')).not.toContain('long-name');
    expect(readdirSync(join(tree.index, '..'))).toEqual(['index']);
  });

  it('causes the removal of indexes that were not written for a month', async () => {
    const tree = settledTree({ a: '' });
    const old = join(tree.index, '..', 'old');
    plant(join(tree.index, '..'), { old: '', 'not-so-old': '' });
    utimesSync(old, SETTLED, SETTLED);
    await check(tree);
    expect(readdirSync(join(tree.index, '..'))).toEqual(['index', 'not-so-old']);
  });

  it('is ignored if any byte is damaged', async () => {
    const tree = settledTree({ a: '1' });
    await check(tree);
    const whole = readFileSync(tree.index);
    for (let at = 0; at < whole.length; at++) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] as number) ^ 1;
      writeFileSync(tree.index, damaged);
      const index = TreeIndex.read(tree.index);
      // The padding has no meaning, and the hashes are only checked when they are needed.
      if (damaged.subarray(0, 120).toString('latin1').trimEnd() === whole.subarray(0, 120).toString('latin1').trimEnd())
        continue;
      expect(index?.readRows(), `byte ${at}`).toBeUndefined();
      writeFileSync(tree.index, whole.subarray(0, at));
      expect(TreeIndex.read(tree.index)?.readRows()).toBeUndefined();
    }
  });

  it('with damaged hashes still shows that nothing has changed, and is repaired when they are needed', async () => {
    const tree = settledTree({ a: '1', b: '' });
    await check(tree);
    writeFileSync(tree.index, readFileSync(tree.index).subarray(0, -1));
    expect(await check(tree)).toEqual([]);
    writeFileSync(join(tree.context, 'b'), '2');
    later(10_000);
    expect(await check(tree)).toEqual(['b']);
  });

  it.each([
    ['nothing', ''],
    ['text', 'x'],
    ['another format', `${'kind-harness index 2 10 0 10 0 10 0'.padEnd(119)}\n${'x'.repeat(20)}`],
    ['impossible sizes', `${'kind-harness index 4.2 99999999999 0 10 0 10 0'.padEnd(119)}\n`],
  ])('is ignored if it is %s', (_, text) => {
    const path = join(scratch(), 'index');
    writeFileSync(path, text);
    expect(TreeIndex.read(path)).toBeUndefined();
  });

  it('is not trusted after the clock was set back', async () => {
    const tree = settledTree({ a: '1' });
    await check(tree);
    expect(await check(tree)).toEqual([]);
    later(-20_000);
    expect(TreeIndex.read(tree.index)).toBeUndefined();
  });

  it('is not trusted after another process has replaced it', () => {
    const path = join(scratch(), 'index');
    const write = (name: string) => {
      const rows = new RowBuilder();
      rows.add(
        name,
        'file',
        { size: 1, mtimeMs: 1, ctimeMs: 1, ino: 1, mode: 0o644 } as Stats,
        new Uint8Array(32),
        undefined,
      );
      writeIndex(path, { rows: rows.finish(), digest: 'd', count: 1, stampsDirectories: true });
    };
    write('a');
    const index = TreeIndex.read(path);
    expect(index?.readRows()?.paths.all()).toEqual(['a']);
    write('b');
    expect(index?.readRows()).toBeUndefined();
  });

  it('is not needed if its directory cannot be created', async () => {
    const tree = settledTree({ a: '' });
    plant(join(tree.context, '..'), { 'state/index': 'a file where a directory should be' });
    const blocked = { ...tree, index: join(tree.index, 'x') };
    expect(await check(blocked)).toEqual(['a']);
    expect(await check(blocked)).toEqual(['a']);
  });

  it('of many files is checked by two threads, which miss nothing', async () => {
    const names = Array.from({ length: 31_000 }, (_, i) => `d${i % 10}/f${i}`);
    const tree = settledTree(Object.fromEntries(names.map((name) => [name, ''])));
    const filesRead = async () => {
      const hashFile = vi.mocked(hashing.hashFile).mockClear();
      await readContext(tree.context, '', tree.index, fileSystem);
      return hashFile.mock.calls.map(([path]) => path.slice(tree.context.length + 1));
    };
    expect(await filesRead()).toHaveLength(names.length);
    expect(await filesRead()).toEqual([]);
    for (const name of ['d0/f0', 'd9/f30999']) {
      writeFileSync(join(tree.context, name), name);
      expect(await filesRead()).toContain(name);
    }
  }, 60_000);
});

describe('a file system', () => {
  it('has a clock and a device', () => {
    const directory = scratch();
    const before = Date.now();
    const clock = FILE_SYSTEM.readClock(join(directory, 'deep', 'probe'));
    plant(directory, { file: '' });
    expect(clock.device).toBe(statSync(join(directory, 'file')).dev);
    expect(clock.own).toBeGreaterThanOrEqual(before);
    expect(clock.fileSystem).toBeLessThanOrEqual(statSync(join(directory, 'file')).ctimeMs);
    expect(readdirSync(join(directory, 'deep'))).toEqual([]);
  });

  it('stamps directories here, and is not trusted to if that cannot be tested', () => {
    const directory = scratch();
    expect(stampsDirectories(join(directory, 'probe'))).toBe(true);
    expect(stampsDirectories(join(directory, 'not', 'there'))).toBe(false);
    expect(readdirSync(directory)).toEqual([]);
  });
});
