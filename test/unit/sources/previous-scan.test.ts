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

/** Scans one file, as a walk does. Returns its row, and whether its content was read. */
function scanFile(known: Rows | undefined, seen: Stats, clock: Partial<Clock>): { rows: Rows; read: boolean } {
  const previousScan = new PreviousScan(
    known,
    { own: 1_000_000, fileSystem: 1_000_000, device: 1, stampsChanges: true, ...clock },
    RACY_MS,
  );
  const hash = previousScan.hash('/file', seen);
  const rows = new RowBuilder();
  rows.add('/file', 'file', seen, hash ?? asHash('x'), previousScan.doubtedSince('/file', seen));
  return { rows: rows.finish(), read: hash === undefined };
}

/** Scans a file several times. Returns for each scan whether the content was read. */
function scans(...each: [seen: Stats, clock?: Partial<Clock>][]): boolean[] {
  let rows: Rows | undefined;
  return each.map(([seen, clock = {}]) => {
    const scan = scanFile(rows, seen, clock);
    rows = scan.rows;
    return scan.read;
  });
}

describe('the hash of a previous scan', () => {
  it('is trusted until the stamp of the file changes', () => {
    expect(scans([stat()], [stat()])).toEqual([true, false]);
    for (const change of [{ size: 2 }, { mtimeMs: 1_001 }, { ctimeMs: 1_000.5 }, { ino: 8 }]) {
      expect(scans([stat()], [stat(change)])).toEqual([true, true]);
    }
  });

  it('is not trusted right after a change, until the file is read again', () => {
    const fresh = stat({ ctimeMs: 999_500 });
    const late = { own: 1_003_000, fileSystem: 1_003_000 };
    expect(scans([fresh], [fresh], [fresh, late], [fresh, late])).toEqual([true, true, true, false]);
  });

  it("is not trusted while the stamp may come from another file system's clock", () => {
    // The clock of the network share is an hour behind. The file looks old by this machine's clock,
    // but it may change within the same tick.
    const behind = stat({ dev: 2, mtimeMs: 1, ctimeMs: 1 });
    expect(scans([behind], [behind], [behind, { own: 1_002_001 }], [behind, { own: 1_002_001 }])).toEqual([
      true,
      true,
      true,
      false,
    ]);
    // The same on the file system of the index, whose clock is read.
    const now = stat({ ctimeMs: 499, mtimeMs: 499 });
    expect(scans([now, { fileSystem: 500 }], [now, { fileSystem: 500 }])).toEqual([true, true]);
  });

  it('is trusted after a while for a file with a time in the future', () => {
    const future = stat({ mtimeMs: 9e12 });
    expect(scans([future], [future, { own: 1_005_000 }], [future, { own: 1_005_000 }])).toEqual([true, true, false]);
  });
});

/*
 * A simulated file system: it has its own clock, with any tick up to that of the coarsest real one,
 * and time passes as the sequence says. This tests the rules about time thoroughly and fast.
 * test/integration/freshness.test.ts tests the rest on a real file system.
 */
/** The total number of simulated steps. */
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
    hasChangeTime: fc.constantFrom(true, true, true, false),
  });

  it('never hide a changed content', { timeout: Math.max(60_000, STEPS * 5) }, () => {
    const path = join(scratch(), 'index');
    let checks = 0;
    let remembered = 0;
    fc.assert(
      fc.property(
        fileSystem,
        fc.array(step, { minLength: 1, maxLength: 30, size: 'max' }),
        ({ tick, ahead, ownDevice, hasChangeTime }, sequence) => {
          // Where this cannot be tested, it is known by the coarse times.
          fc.pre(hasChangeTime || ownDevice || tick >= 10);
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
            const stats = [...files].map(([name, { content, ...times }]) => {
              return { name, content, seen: stat(hasChangeTime ? times : { ...times, ctimeMs: times.mtimeMs }) };
            });
            checks += stats.length;
            // As in `readContext`: the whole index is trusted, or every file is checked.
            if (known && known.doubted.size === 0 && stats.every(({ seen }, row) => isAsInRow(known, row, seen))) {
              remembered += stats.length;
              for (const [row, { content }] of stats.entries())
                expect(Buffer.from(hashOf(known, row))).toEqual(asHash(content));
              return;
            }
            const clock = {
              own: Date.now(),
              fileSystem: ownDevice ? stamp() : Date.now(),
              device: ownDevice ? 1 : 2,
              stampsChanges: !ownDevice || hasChangeTime,
            };
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
    // The index must also have been used, or this would prove nothing.
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
