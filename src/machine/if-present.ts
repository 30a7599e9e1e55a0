/** What is not there, or is a directory where a file was looked for, as Docker takes it. */
const ABSENT = ['ENOENT', 'ENOTDIR', 'EISDIR', 'EINVAL'];

/**
 * What looking yields; undefined where there is nothing of that kind to look at. Any other error is
 * one.
 */
export function ifPresent<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof Error && 'code' in error && ABSENT.includes(String(error.code))) return undefined;
    throw error;
  }
}
