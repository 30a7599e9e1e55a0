import fc from 'fast-check';
import { readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FileIndex, readClock } from '../../../src/observe/file-index.ts';
import { plant, scratch } from '../../support/scratch.ts';

afterEach(() => void vi.restoreAllMocks());

const NO_CLOCK = { racy: 2_000, readClock: () => ({ own: Date.now(), fileSystem: Date.now(), device: 1 }) };

function stat(more: Partial<Stats> = {}): Stats {
  return { size: 1, mtimeMs: 1_000, ctimeMs: 1_000, ino: 7, dev: 1, ...more } as Stats;
}

/** One check of one file: whether it was read. */
function isRead(path: string, seen: Stats, hash = 'hash', options = NO_CLOCK): boolean {
  const index = FileIndex.open(path, options);
  const read = vi.fn(() => hash);
  expect(index.hash('/file', seen, read)).toBe(hash);
  index.save();
  return read.mock.calls.length > 0;
}

describe('the index of files', () => {
  it('reads a file once, and again when anything about it has moved', () => {
    const path = join(scratch(), 'index.json');
    expect(isRead(path, stat())).toBe(true);
    expect(isRead(path, stat())).toBe(false);
    for (const moved of [{ size: 2 }, { mtimeMs: 1_001 }, { ctimeMs: 1_000.5 }, { ino: 8 }]) {
      expect(isRead(path, stat(moved), `hash ${JSON.stringify(moved)}`)).toBe(true);
      expect(isRead(path, stat(), 'hash')).toBe(true);
    }
  });

  it('reads a file that was changed a moment ago once more the next time, and then no more', () => {
    const path = join(scratch(), 'index.json');
    const now = vi.spyOn(Date, 'now').mockReturnValue(1_000_000);
    const fresh = stat({ ctimeMs: 999_500 });
    expect(isRead(path, fresh)).toBe(true);
    expect(isRead(path, fresh)).toBe(true);
    now.mockReturnValue(1_003_000);
    expect(isRead(path, fresh, 'what it really holds')).toBe(true);
    expect(isRead(path, fresh, 'what it really holds')).toBe(false);
  });

  it("does not believe its own clock for another file system's ticks", () => {
    const path = join(scratch(), 'index.json');
    const now = vi.spyOn(Date, 'now').mockReturnValue(1_000_000);
    // The share's clock is an hour behind: by this machine's, the file looks old, though it may change within the same tick.
    const behind = stat({ dev: 2, mtimeMs: 1, ctimeMs: 1 });
    expect(isRead(path, behind)).toBe(true);
    expect(isRead(path, behind)).toBe(true);
    now.mockReturnValue(1_002_001);
    expect(isRead(path, behind)).toBe(true);
    expect(isRead(path, behind)).toBe(false);
    // The same on the index's own file system, whose clock is asked.
    const slow = { racy: 2_000, readClock: () => ({ own: Date.now(), fileSystem: 500, device: 1 }) };
    expect(isRead(join(scratch(), 'index.json'), stat({ ctimeMs: 499, mtimeMs: 499 }), 'hash', slow)).toBe(true);
  });

  it('comes to trust a file with a time in the future', () => {
    const path = join(scratch(), 'index.json');
    const now = vi.spyOn(Date, 'now').mockReturnValue(1_000_000);
    const future = stat({ mtimeMs: 9e12 });
    expect([isRead(path, future), now.mockReturnValue(1_005_000) && isRead(path, future), isRead(path, future)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('believes nothing once the clock went back', () => {
    const path = join(scratch(), 'index.json');
    const now = vi.spyOn(Date, 'now').mockReturnValue(1_000_000);
    expect([isRead(path, stat()), isRead(path, stat())]).toEqual([true, false]);
    now.mockReturnValue(999_999);
    expect(isRead(path, stat())).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['no JSON', 'x'],
    ['null', 'null'],
    ['rows that are none', '{"version":1,"written":5,"rows":null}'],
    ['a row that is none', '{"version":2,"written":5,"rows":{"/file":5}}'],
    ['an older format', '{"version":1,"written":9e15,"rows":{"/file":[1,1000,1000,7,"wrong"]}}'],
  ])('takes %s for an empty index', (_, text) => {
    const path = join(scratch(), 'index.json');
    writeFileSync(path, text);
    expect(isRead(path, stat())).toBe(true);
    expect(isRead(path, stat())).toBe(false);
  });

  it('believes no byte of a damaged index', () => {
    const path = join(scratch(), 'index.json');
    expect(isRead(path, stat())).toBe(true);
    const whole = readFileSync(path);
    for (let at = 0; at < whole.length; at++) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] as number) ^ 1;
      writeFileSync(path, damaged);
      expect(isRead(path, stat()), `byte ${at} of ${whole.toString()}`).toBe(true);
      writeFileSync(path, whole.subarray(0, at));
      expect(isRead(path, stat())).toBe(true);
    }
  });

  it('writes only when there is something new, forgets what is gone, and leaves nothing lying about', () => {
    const directory = scratch();
    const path = join(directory, 'index.json');
    const check = (files: string[]) => {
      const index = FileIndex.open(path, NO_CLOCK);
      for (const file of files) index.hash(file, stat(), () => 'hash');
      index.save();
    };
    check(['/a', '/b']);
    utimesSync(path, 1, 1);
    check(['/a', '/b']);
    expect(statSync(path).mtimeMs).toBe(1_000);
    check(['/a']);
    expect(readFileSync(path, 'utf8')).not.toContain('/b');
    expect(readdirSync(directory)).toEqual(['index.json']);
  });

  it("asks the file system for its time, and its device for the index's", () => {
    const directory = scratch();
    const before = Date.now();
    const clock = readClock(join(directory, 'deep', 'index.json'));
    plant(directory, { file: '' });
    expect(clock.device).toBe(statSync(join(directory, 'file')).dev);
    expect(clock.own).toBeGreaterThanOrEqual(before);
    expect(clock.fileSystem).toBeLessThanOrEqual(statSync(join(directory, 'file')).ctimeMs);
    expect(readdirSync(join(directory, 'deep'))).toEqual([]);
  });

  it('is no obstacle where its directory cannot be made', () => {
    const directory = scratch();
    plant(directory, { 'state/index': 'a file where a directory should be' });
    expect(isRead(join(directory, 'state', 'index', 'x.json'), stat())).toBe(true);
  });

  it('can be shared by two at once', () => {
    const path = join(scratch(), 'index.json');
    const [one, other] = [FileIndex.open(path, NO_CLOCK), FileIndex.open(path, NO_CLOCK)];
    one.hash('/a', stat(), () => 'a');
    other.hash('/b', stat(), () => 'b');
    one.save();
    other.save();
    const index = FileIndex.open(path, NO_CLOCK);
    expect(index.hash('/a', stat(), () => 'a')).toBe('a');
    expect(index.hash('/b', stat(), () => 'never read')).toBe('b');
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
    { weight: 2, arbitrary: fc.record({ do: fc.constant('write' as const), file, content: fc.constantFrom('x', 'y') }) },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('write and set the time back' as const), file, content: fc.constantFrom('x', 'y') }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('set time' as const), file, to: fc.constantFrom(0, 1_000_000, 9e12) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('exchange' as const) }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(0.1, 1, 4, 900, 1_900, 2_001, 4_001) }) },
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
    const directory = scratch();
    const path = join(directory, 'index.json');
    let checks = 0;
    let remembered = 0;
    fc.assert(
      fc.property(fileSystem, fc.array(step, { minLength: 1, maxLength: 30, size: 'max' }), ({ tick, ahead, ownDevice }, sequence) => {
        rmSync(path, { force: true });
        let now = 1_000_000_000;
        let kept: Buffer | undefined;
        vi.spyOn(Date, 'now').mockImplementation(() => Math.floor(now));
        const stamp = () => Math.floor((now + ahead) / tick) * tick;
        const options = {
          racy: 2_000,
          readClock: () => ({ own: Date.now(), fileSystem: ownDevice ? stamp() : Date.now(), device: ownDevice ? 1 : 2 }),
        };
        const files = new Map(FILES.map((name, i) => [name as string, { content: 'x', mtimeMs: stamp(), ctimeMs: stamp(), ino: i }]));
        const at = (name: string) => files.get(name)!;
        for (const one of sequence) {
          if (one.do === 'write') Object.assign(at(one.file), { content: one.content, mtimeMs: stamp(), ctimeMs: stamp() });
          else if (one.do === 'write and set the time back') Object.assign(at(one.file), { content: one.content, ctimeMs: stamp() });
          else if (one.do === 'set time') Object.assign(at(one.file), { mtimeMs: one.to, ctimeMs: stamp() });
          else if (one.do === 'exchange') {
            const [a, b] = [at('/a'), at('/b')];
            files.set('/a', { ...b, ctimeMs: stamp() }).set('/b', { ...a, ctimeMs: stamp() });
          } else if (one.do === 'pass') now += one.ms;
          else if (one.do === 'keep a copy') kept = checks > 0 ? readOr(path) : undefined;
          else if (one.do === 'bring it back') {
            if (kept) writeFileSync(path, kept);
          } else {
            const index = FileIndex.open(path, options);
            for (const [name, { content, ...times }] of files) {
              checks++;
              remembered++;
              const read = () => {
                remembered--;
                return content;
              };
              expect(index.hash(name, stat(times), read)).toBe(content);
            }
            index.save();
          }
        }
      }),
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
