import { HarnessError } from '../core/error.ts';
import { MAKE_ROOM, saysDiskFull } from '../machine/disk-full.ts';

/**
 * Docker did not do something with an image.
 * @param words its own
 * @param next what a user does, unless the disk is full
 */
export function refusal(what: string, words: string, next: string): HarnessError {
  const full = saysDiskFull(words);
  return new HarnessError(full ? 'DISK_FULL' : 'LOAD', `Docker could not ${what}: ${words.trim()}`, {
    next: full ? MAKE_ROOM : next,
  });
}
