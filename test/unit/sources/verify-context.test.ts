import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FILE_SYSTEM } from '../../../src/machine/fs-clock.ts';
import { readContext } from '../../../src/sources/context.ts';
import { Paths } from '../../../src/sources/paths.ts';
import { HASH_BYTES, type Rows } from '../../../src/sources/rows.ts';
import { verifyContext } from '../../../src/sources/verify-context.ts';
import { lie, withAnotherHash } from '../../support/lying-index.ts';
import { plant, scratch } from '../../support/scratch.ts';

afterEach(() => void vi.restoreAllMocks());

/** All clocks that are read are ahead, so that stamps are trusted at once. */
const fileSystem = {
  ...FILE_SYSTEM,
  readClock: (probe: string) => ({ ...FILE_SYSTEM.readClock(probe), own: Date.now(), fileSystem: Date.now() }),
};

/** A context with an index. */
async function indexed(files: Record<string, string>) {
  const root = scratch();
  const [context, index] = [join(root, 'context'), join(root, 'index')];
  mkdirSync(context);
  plant(context, files);
  const now = Date.now() + 10_000;
  vi.spyOn(Date, 'now').mockReturnValue(now);
  await readContext(context, '', index, fileSystem);
  const read = async () => (await readContext(context, '', index, fileSystem)).files;
  return { context, index, read, verify: () => verifyContext(context, '', index, fileSystem) };
}

function withoutRow(rows: Rows, path: string): Rows {
  const kept = rows.paths.all().flatMap((each, row) => (each === path ? [] : [row]));
  const columns = <T extends number>(values: ArrayLike<T>, width: number) =>
    kept.flatMap((row) => Array.from({ length: width }, (_, at) => values[row * width + at] as T));
  return {
    paths: Paths.of(kept.map((row) => rows.paths.at(row))),
    stats: Float64Array.from(columns(rows.stats, 4)),
    kinds: Uint8Array.from(columns(rows.kinds, 1)),
    modes: Uint16Array.from(columns(rows.modes, 1)),
    hashes: Uint8Array.from(columns(rows.hashes, HASH_BYTES)),
    doubted: rows.doubted,
  };
}

describe('the verification of an index', () => {
  it('finds nothing in one that is right', async () => {
    const { verify } = await indexed({ a: '1', 'd/b': '2', 'd/e/': '' });
    expect(verify()).toEqual({ files: 2, wrong: [] });
  });

  it.each([
    ['a content', withAnotherHash('d/b'), 'd/b'],
    ['a mode', (rows: Rows) => ({ ...rows, modes: rows.modes.map(() => 0o600) }), 'a'],
    ['a file that it lacks', (rows: Rows) => withoutRow(rows, 'd/b'), 'd/b'],
    ['a file that it lacks at the top', (rows: Rows) => withoutRow(rows, 'a'), 'a'],
  ])('names %s, and corrects it', async (_, change, path) => {
    const { index, read, verify } = await indexed({ a: '1', 'd/b': '2' });
    const { digest } = await read();
    lie(index, change);
    expect((await read()).digest).not.toBe(digest);
    expect(verify().wrong).toContain(path);
    expect((await read()).digest).toBe(digest);
    expect(verify()).toEqual({ files: 2, wrong: [] });
  });

  it('finds a wrong digest', async () => {
    const { index, verify } = await indexed({ a: '1' });
    lie(index, (rows) => rows, 'sha256:wrong');
    expect(verify().wrong).toEqual(['.']);
    expect(verify().wrong).toEqual([]);
  });

  it('does not blame the index for what changed with another stamp, or for what it doubts', async () => {
    const { context, index, verify } = await indexed({ a: '1', 'd/b': '2' });
    writeFileSync(join(context, 'd', 'c'), '');
    writeFileSync(join(context, 'a'), '3');
    expect(verify().wrong).toEqual([]);
    lie(index, (rows) => ({ ...withAnotherHash('a')(rows), doubted: new Map([[rows.paths.all().indexOf('a'), 0]]) }));
    expect(verify().wrong).toEqual([]);
  });

  it('reads everything if there is no index', () => {
    const root = scratch();
    plant(root, { 'context/a': '1' });
    expect(verifyContext(join(root, 'context'), '', join(root, 'index'))).toEqual({ files: 1, wrong: [] });
  });
});
