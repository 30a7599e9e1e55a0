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
    rmSync(probe, { force: true });
    return { own, fileSystem: ctimeMs, device: dev };
  } catch {
    return { own, fileSystem: 0, device: -1 }; // the index cannot be written there either
  }
}

export const FILE_SYSTEM: FileSystemRules = { racy: RACY_MS, readClock };

/**
 * Whether the stamp of a file can be trusted when it is seen again: any change after this moment
 * must give the file another stamp. That is so if the file system's clock has passed the tick of
 * the stamp. If that clock is unknown, it is so once the file has had this stamp for a while.
 * @param since when the file was first seen with this stamp, by this machine's clock
 */
export function isSettled(stat: Stats, since: number | undefined, clock: Clock, racy: number): boolean {
  if (since !== undefined && since + racy < clock.own) return true;
  return (
    stat.dev === clock.device && Math.max(stat.mtimeMs, stat.ctimeMs) + racy < Math.min(clock.fileSystem, clock.own)
  );
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
