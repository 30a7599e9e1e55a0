/** A path that does not exist, or is not of the expected kind. Docker treats both as missing. */
const ABSENT = ['ENOENT', 'ENOTDIR', 'EISDIR', 'EINVAL'];

/**
 * The result of `read`; undefined if its path does not exist or is of another kind. Other errors
 * are thrown.
 */
export function ifPresent<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && 'code' in error && ABSENT.includes(String(error.code))) return undefined;
    throw error;
  }
}
