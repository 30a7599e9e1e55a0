import { HarnessError, messageOf } from '../core/error.ts';

/** An error of a helper. All of it is in the message, because that is what test runners show. */
export function failure(message: string, more: { detail?: string; next?: string; cause?: unknown } = {}): Error {
  const detail = more.detail?.replace(/^/gm, '  ');
  const next = more.next && `→ ${more.next}`;
  return new Error([message, detail, next].filter(Boolean).join('\n'), { cause: more.cause });
}

/** The same for an error of the harness itself; any other stays as it is. */
export function inWords(error: unknown): Error {
  if (error instanceof HarnessError)
    return failure(error.message, { detail: error.detail ?? '', next: error.next ?? '', cause: error.cause });
  return error instanceof Error ? error : new Error(messageOf(error));
}
