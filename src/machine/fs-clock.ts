import { lstatSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeStateDirectory } from './state-file.ts';

/** Assumptions about the file system. Tests choose their own. */
export interface FileSystemRules {
  /** Milliseconds after a change until the clock of any file system has certainly ticked. */
  racy: number;
  /** @param probe a writable path on the file system whose clock is read */
  readClock: (probe: string) => Clock;
}

/** One moment on two clocks, in milliseconds. */
export interface Clock {
  /** This machine's clock. */
  own: number;
  /**
   * The clock of the file system that holds the index. On a network share or in a virtual machine
   * it may differ by minutes.
   */
  fileSystem: number;
  /** The device number of that file system. */
  device: number;
  /** Whether any change of a file there moves its change time, whatever times a program sets. */
  stampsChanges: boolean;
}

/**
 * File systems stamp changes with a coarse clock (some milliseconds on Linux, up to 2 s elsewhere).
 * Two changes within one tick look the same. So a file that is read this soon after a change is
 * read again the next time, as git does with its "racy" entries.
 */
export const RACY_MS = 2_000;

/** The only way to read a file system's clock is to change a file. */
function readClock(probe: string): Clock {
  const own = Date.now();
  try {
    makeStateDirectory(dirname(probe));
    writeFileSync(probe, '');
    const { ctimeMs, dev } = lstatSync(probe);
    const clock = { own, fileSystem: ctimeMs, device: dev, stampsChanges: stampsChanges(probe) };
    rmSync(probe, { force: true });
    return clock;
  } catch {
    return { own, fileSystem: 0, device: -1, stampsChanges: false }; // the index cannot be written there either
  }
}

export const FILE_SYSTEM: FileSystemRules = { racy: RACY_MS, readClock };

/**
 * Whether the stamp of a file can be trusted when it is seen again: any change after this moment
 * must give the file another stamp. That is so if the file system's clock has passed the tick of
 * the stamp. If that clock is unknown, it is so once the file has had this stamp for a while. It is
 * never so without a real change time: a program can change the content and set the old time again.
 * @param since when the file was first seen with this stamp, by this machine's clock
 */
export function isSettled(stat: Stats, since: number | undefined, clock: Clock, racy: number): boolean {
  const isProbed = stat.dev === clock.device;
  if (isProbed ? !clock.stampsChanges : mayLackChangeTime(stat)) return false;
  if (since !== undefined && since + racy < clock.own) return true;
  return isProbed && Math.max(stat.mtimeMs, stat.ctimeMs) + racy < Math.min(clock.fileSystem, clock.own);
}

/** Milliseconds. FAT stores times in units of 2 s, exFAT in units of this; other file systems in smaller ones. */
const COARSE_MS = 10;

/**
 * Whether a file may be on a file system that has only one time and reports it as both. Such file
 * systems store it coarsely; on others a file hardly ever looks like this.
 */
function mayLackChangeTime({ mtimeMs, ctimeMs }: Stats): boolean {
  return mtimeMs === ctimeMs && ctimeMs % COARSE_MS === 0;
}

/**
 * Whether a directory gets another stamp when an entry in it is added, removed or renamed. POSIX
 * requires that, but some network shares do not do it.
 * @param probe a writable path, where a directory is created
 */
export function stampsDirectories(probe: string): boolean {
  const [oldName, newName] = [join(probe, 'one'), join(probe, 'other')];
  const isStampedBy = (change: () => void) => {
    utimesSync(probe, 1, 1);
    change();
    return lstatSync(probe).mtimeMs !== 1_000;
  };
  try {
    mkdirSync(probe);
    const isStamped =
      isStampedBy(() => writeFileSync(oldName, '')) &&
      isStampedBy(() => renameSync(oldName, newName)) &&
      isStampedBy(() => rmSync(newName));
    rmSync(probe, { recursive: true, force: true });
    return isStamped;
  } catch {
    return false;
  }
}

/** Milliseconds. Longer than the coarsest known clock of a file system takes to tick. */
const LONGEST_TICK_MS = 2_500;

/**
 * Whether setting a file's time to the past moves its change time to now. POSIX requires that. FAT
 * and others have no change time: they report the modification time, or the time of creation.
 * @param file an existing file, which may be changed
 */
function stampsChanges(file: string): boolean {
  const created = lstatSync(file);
  for (const deadline = performance.now() + LONGEST_TICK_MS; performance.now() < deadline;) {
    utimesSync(file, 1, 1);
    const { ctimeMs } = lstatSync(file);
    if (ctimeMs !== created.ctimeMs) return ctimeMs > created.ctimeMs;
    // Either the clock has not ticked yet, or this time never moves.
    writeFileSync(file, '.');
    const written = lstatSync(file);
    if (written.mtimeMs > created.mtimeMs && written.ctimeMs === created.ctimeMs) return false;
    Atomics.wait(PAUSE, 0, 0, 1);
  }
  return false;
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4));
