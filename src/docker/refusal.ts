import type { HarnessError } from '../core/error.ts';
import { diskFullOr } from '../machine/disk-full.ts';

/**
 * The error for a request about an image that Docker refused.
 * @param action what Docker was asked to do: `save app:dev`
 * @param reason Docker's own message
 * @param next what the user should do, unless the disk is full
 */
export function refusal(action: string, reason: string, next: string): HarnessError {
  return diskFullOr('LOAD', reason, { message: `Docker could not ${action}: ${reason.trim()}`, next });
}
