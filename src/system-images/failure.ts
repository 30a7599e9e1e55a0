import { HarnessError, messageOf } from '../core/error.ts';
import { diskFull, saysDiskFull } from '../machine/disk-full.ts';

/** What users can do when the node image cannot be built, whatever the cause. */
export const OTHER_WAYS =
  'Or set `cluster.nodeImage` to a node image that exists on this machine or can be pulled. `harness doctor` checks what is missing.';

/**
 * Converts any failure into one that a user can act on. A full disk becomes `DISK_FULL`,
 * interruptions stay as they are, and other errors become `NODE_IMAGE`.
 * @param message what failed, without a full stop
 */
export function nodeImageFailure(thrown: unknown, message: string, next = OTHER_WAYS): HarnessError {
  const text = `${messageOf(thrown)}\n${thrown instanceof HarnessError ? (thrown.detail ?? '') : ''}`;
  if (saysDiskFull(text)) {
    return diskFull(`${message}: the disk is full.`, {
      next: 'Free disk space (the build needs about 6 GB) and run the command again: finished parts are not rebuilt. `docker system df` shows what Docker uses.',
      cause: thrown,
    });
  }
  if (thrown instanceof HarnessError && ['NODE_IMAGE', 'DISK_FULL', 'INTERRUPTED', 'DOCKER_DOWN'].includes(thrown.code))
    return thrown;
  return new HarnessError('NODE_IMAGE', `${message}: ${messageOf(thrown)}`, {
    next: (thrown instanceof HarnessError && thrown.next) || next,
    detail: thrown instanceof HarnessError ? thrown.detail : undefined,
    cause: thrown,
  });
}
