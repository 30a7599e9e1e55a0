import { HarnessError, type ErrorCode } from '../core/error.ts';

const DISK_FULL = /no space left on device|ENOSPC|disk quota exceeded/i;

interface ErrorDetails {
  next?: string | undefined;
  detail?: string | undefined;
  cause?: unknown;
}

/** Whether a program's output says that the disk is full. */
export function saysDiskFull(output: string): boolean {
  return DISK_FULL.test(output);
}

/**
 * The error for a full disk. Its `next` explains how to free space, unless another one is given.
 */
export function diskFull(message: string, details: ErrorDetails = {}): HarnessError {
  const next = details.next ?? 'Free disk space (`docker system df` shows what Docker uses) and try again.';
  return new HarnessError('DISK_FULL', message, { ...details, next });
}

/**
 * The error for a program that failed: `DISK_FULL` if its output says so, else `code`.
 * @param failure `next` is for the other error only; `whenFull` replaces `message` if the disk is
 * full
 */
export function diskFullOr(
  code: ErrorCode,
  output: string,
  failure: ErrorDetails & { message: string; whenFull?: string },
): HarnessError {
  const { message, whenFull = message, next, ...details } = failure;
  return saysDiskFull(output) ? diskFull(whenFull, details) : new HarnessError(code, message, { next, ...details });
}
