import { readFileSync, rmSync, writeFileSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../../src/machine/fs-clock.ts';
import { PreviousScan } from '../../../src/sources/previous-scan.ts';
import { hashOf, isAsInRow, RowBuilder, type Rows } from '../../../src/sources/rows.ts';
import { TreeIndex, writeIndex } from '../../../src/sources/tree-index.ts';
import { scratch } from '../../support/scratch.ts';

afterEach(() => void vi.restoreAllMocks());

const RACY_MS = 2_000;

function stat(more: Partial<Stats> = {}): Stats {
  return { size: 1, mtimeMs: 1_000, ctimeMs: 1_000, ino: 7, dev: 1, mode: 0o644, ...more } as Stats;
}

function asHash(content: string): Uint8Array {
  return Buffer.from(content.padEnd(32));
}

/**
 * One look at one file, as a walk looks: what of it is known afterwards, and whether it was read.
 */
function look(known: Rows | undefined, seen: Stats, clock: Partial<Clock>): { rows: Rows; read: boolean } {
  const previousScan = new PreviousScan(known, { own: 1_000_000, fileSystem: 1_000_000, device: 1, ...clock }, RACY_MS);
  const hash = previousScan.hash('/file', seen);
  const rows = new RowBuilder();
  rows.add('/file', 'file', seen, hash ?? asHash('x'), previousScan.doubtedSince('/file', seen));
  return { rows: rows.finish(), read: hash === undefined };
}

/** Looks one after the other, each at what the one before has left. */
function looks(...each: [seen: Stats, clock?: Partial<Clock>][]): boolean[] {
  let rows: Rows | undefined;
  return each.map(([seen, clock = {}]) => {
    const looked = look(rows, seen, clock);
    rows = looked.rows;
    return looked.read;
  });
}

describe('what is remembered of a file', () => {
  it('is believed until anything about the file has moved', () => {
    expect(looks([stat()], [stat()])).toEqual([true, false]);
    for (const moved of [{ size: 2 }, { mtimeMs: 1_001 }, { ctimeMs: 1_000.5 }, { ino: 8 }]) {
      expect(looks([stat()], [stat(moved)])).toEqual([true, true]);
    }
  });

  it('is doubted when the file was changed a moment ago, until it is read once more', () => {
    const fresh = stat({ ctimeMs: 999_500 });
    const late = { own: 1_003_000, fileSystem: 1_003_000 };
    expect(looks([fresh], [fresh], [fresh, late], [fresh, late])).toEqual([true, true, true, false]);
  });

  it("is doubted as long as another file system's clock may be the one that stamped it", () => {
    // The share's clock is an hour behind: by this machine's, the file looks old, though it may
    // change within the same tick.
    const behind = stat({ dev: 2, mtimeMs: 1, ctimeMs: 1 });
    expect(looks([behind], [behind], [behind, { own: 1_002_001 }], [behind, { own: 1_002_001 }])).toEqual([
      true,
      true,
      true,
      false,
    ]);
    // The same on the index's own file system, whose clock is asked.
    const now = stat({ ctimeMs: 499, mtimeMs: 499 });
    expect(looks([now, { fileSystem: 500 }], [now, { fileSystem: 500 }])).toEqual([true, true]);
  });

  it('comes to be believed of a file with a time in the future', () => {
    const future = stat({ mtimeMs: 9e12 });
    expect(looks([future], [future, { own: 1_005_000 }], [future, { own: 1_005_000 }])).toEqual([true, true, false]);
  });
});

/*
 * A file system of numbers: any tick up to that of the coarsest real one, a clock of its own, time that passes as the sequence says. Here the
 * rules of time are tried hard and fast; test/integration/freshness.test.ts tries the rest on a real one.
 */
/** How many steps are played in all. */
const STEPS = Number(process.env['HARNESS_PROPERTY_STEPS'] ?? 20_000);

describe('random changes under coarse and skewed clocks', () => {
  const FILES = ['/a', '/b'] as const;
  const file = fc.constantFrom(...FILES);
  const step = fc.oneof(
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('write' as const), file, content: fc.constantFrom('x', 'y') }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('write and set the time back' as const),
        file,
        content: fc.constantFrom('x', 'y'),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('set time' as const), file, to: fc.constantFrom(0, 1_000_000, 9e12) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('exchange' as const) }) },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('pass' as const),
        ms: fc.constantFrom(0.1, 1, 4, 900, 1_900, 2_001, 4_001),
      }),
    },
    { weight: 9, arbitrary: fc.record({ do: fc.constant('check' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('keep a copy' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('bring it back' as const) }) },
  );
  const fileSystem = fc.record({
    tick: fc.constantFrom(0.001, 1, 10, 1_000, 2_000),
    ahead: fc.constantFrom(0, 0, 3_000, -3_000, 3_600_000, -3_600_000),
    ownDevice: fc.boolean(),
  });

  it('never hide a content', { timeout: Math.max(60_000, STEPS * 5) }, () => {
    const path = join(scratch(), 'index');
    let checks = 0;
    let remembered = 0;
    fc.assert(
      fc.property(
        fileSystem,
        fc.array(step, { minLength: 1, maxLength: 30, size: 'max' }),
        ({ tick, ahead, ownDevice }, sequence) => {
          rmSync(path, { force: true });
          let now = 1_000_000_000;
          let kept: Buffer | undefined;
          vi.spyOn(Date, 'now').mockImplementation(() => Math.floor(now));
          const stamp = () => Math.floor((now + ahead) / tick) * tick;
          const files = new Map(
            FILES.map((name, i) => [name as string, { content: 'x', mtimeMs: stamp(), ctimeMs: stamp(), ino: i }]),
          );
          const at = (name: string) => files.get(name)!;
          const check = () => {
            const index = TreeIndex.read(path);
            const known = index?.readRows();
            const stats = [...files].map(([name, { content, ...times }]) => ({ name, content, seen: stat(times) }));
            checks += stats.length;
            // As `readContext` does: all is believed, or each file is looked at.
            if (known && known.doubted.size === 0 && stats.every(({ seen }, row) => isAsInRow(known, row, seen))) {
              remembered += stats.length;
              for (const [row, { content }] of stats.entries())
                expect(Buffer.from(hashOf(known, row))).toEqual(asHash(content));
              return;
            }
            const clock = { own: Date.now(), fileSystem: ownDevice ? stamp() : Date.now(), device: ownDevice ? 1 : 2 };
            const previousScan = new PreviousScan(known, clock, RACY_MS);
            const rows = new RowBuilder();
            for (const { name, content, seen } of stats) {
              const hash = previousScan.hash(name, seen);
              if (hash) remembered++;
              if (hash) expect(Buffer.from(hash)).toEqual(asHash(content));
              rows.add(name, 'file', seen, asHash(content), previousScan.doubtedSince(name, seen));
            }
            writeIndex(path, { rows: rows.finish(), digest: '', count: 0, stampsDirectories: true });
          };
          for (const one of sequence) {
            if (one.do === 'write')
              Object.assign(at(one.file), { content: one.content, mtimeMs: stamp(), ctimeMs: stamp() });
            else if (one.do === 'write and set the time back')
              Object.assign(at(one.file), { content: one.content, ctimeMs: stamp() });
            else if (one.do === 'set time') Object.assign(at(one.file), { mtimeMs: one.to, ctimeMs: stamp() });
            else if (one.do === 'exchange') {
              const [a, b] = [at('/a'), at('/b')];
              files.set('/a', { ...b, ctimeMs: stamp() }).set('/b', { ...a, ctimeMs: stamp() });
            } else if (one.do === 'pass') now += one.ms;
            else if (one.do === 'keep a copy') kept = checks > 0 ? readOr(path) : undefined;
            else if (one.do === 'bring it back') {
              if (kept) writeFileSync(path, kept);
            } else check();
          }
        },
      ),
      { numRuns: Math.ceil(STEPS / 15) },
    );
    // The index must also have been of use, or this would prove nothing.
    expect(remembered).toBeGreaterThan(checks / 25);
  });

  function readOr(path: string): Buffer | undefined {
    try {
      return readFileSync(path);
    } catch {
      return undefined;
    }
  }
});
