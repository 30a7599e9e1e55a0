import { HarnessError, messageOf } from '../core/error.ts';
import { diskFull, saysDiskFull } from '../machine/disk-full.ts';

/** What users can do when the node image cannot be built, whatever the cause. */
export const OTHER_WAYS =
  'Or name a node image that exists on this machine or can be pulled in the configuration, where one is at hand; `harness doctor` checks what is missing.';

/**
 * Any failure on the way to the node image as one that a user can act on: a full disk is said to be
 * one, interruptions stay what they are, the rest becomes `NODE_IMAGE`.
 */
export function nodeImageFailure(thrown: unknown, what: string, next = OTHER_WAYS): HarnessError {
  const text = `${messageOf(thrown)}\n${thrown instanceof HarnessError ? (thrown.detail ?? '') : ''}`;
  if (saysDiskFull(text)) {
    return diskFull(`${what}: the disk is full.`, {
      next: 'Free disk space (the build needs about 6 GB) and run the command again: finished parts are not rebuilt. `docker system df` shows what Docker uses.',
      cause: thrown,
    });
  }
  if (thrown instanceof HarnessError && ['NODE_IMAGE', 'DISK_FULL', 'INTERRUPTED', 'DOCKER_DOWN'].includes(thrown.code))
    return thrown;
  return new HarnessError('NODE_IMAGE', `${what}: ${messageOf(thrown)}`, {
    next: (thrown instanceof HarnessError && thrown.next) || next,
    ...(thrown instanceof HarnessError && thrown.detail ? { detail: thrown.detail } : {}),
    cause: thrown,
  });
}
