import { lstatSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeStateDirectory } from './state-file.ts';

/** What is taken for granted of the file system; tests choose their own. */
export interface FileSystemRules {
  /**
   * Milliseconds after which a file system has surely left the tick in which it stamped a change.
   */
  racy: number;
  /** @param probe a path that may be written to, on the file system that is asked */
  readClock: (probe: string) => Clock;
}

/** A moment by the two clocks that matter, milliseconds. */
export interface Clock {
  /** This machine's. */
  own: number;
  /**
   * Of the file system that holds the index: a share's or a virtual machine's may go minutes before
   * or after.
   */
  fileSystem: number;
  /** Which file system that is. */
  device: number;
}

/**
 * File systems stamp changes with a coarse clock (some milliseconds on Linux, up to 2 s elsewhere).
 * Two changes within one tick look the same, so what is read this shortly after it was changed is
 * read once more the next time, as git does with its "racy" entries.
 */
export const RACY_MS = 2_000;

/** The only way to ask a file system for its time is to change something. */
function readClock(probe: string): Clock {
  const own = Date.now();
  try {
    makeStateDirectory(dirname(probe));
    writeFileSync(probe, '');
    const { ctimeMs, dev } = lstatSync(probe);
    rmSync(probe, { force: true });
    return { own, fileSystem: ctimeMs, device: dev };
  } catch {
    return { own, fileSystem: 0, device: -1 }; // nothing can be kept there, either
  }
}

export const FILE_SYSTEM: FileSystemRules = { racy: RACY_MS, readClock };

/**
 * Whether what was stamped so can be believed when it is seen again: a change after this moment
 * must give it another stamp. Either its file system's clock says that the tick of the stamp is
 * over; or, without knowing that clock, it was seen in this shape a while ago already.
 * @param since when it was first seen in this shape, by this machine's clock
 */
export function isSettled(stat: Stats, since: number | undefined, clock: Clock, racy: number): boolean {
  if (since !== undefined && since + racy < clock.own) return true;
  return (
    stat.dev === clock.device && Math.max(stat.mtimeMs, stat.ctimeMs) + racy < Math.min(clock.fileSystem, clock.own)
  );
}

/**
 * Whether a directory there gets another stamp when something in it comes, goes or is renamed. All
 * file systems that POSIX speaks of do that; some network shares do not.
 * @param probe a path that may be written to
 */
export function stampsDirectories(probe: string): boolean {
  const [one, other] = [join(probe, 'one'), join(probe, 'other')];
  const stamps = (change: () => void) => {
    utimesSync(probe, 1, 1);
    change();
    return lstatSync(probe).mtimeMs !== 1_000;
  };
  try {
    mkdirSync(probe);
    const does =
      stamps(() => writeFileSync(one, '')) && stamps(() => renameSync(one, other)) && stamps(() => rmSync(other));
    rmSync(probe, { recursive: true, force: true });
    return does;
  } catch {
    return false;
  }
}
