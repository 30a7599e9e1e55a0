/** Who runs the harness. */
export interface Reader {
  /** Undefined where the system has no users, or none that could be compared. */
  uid: number | undefined;
  /** `SUDO_UID`: who became root with sudo. */
  sudoUid: string | undefined;
}

/**
 * Whether a file of this owner may decide what this process runs: one's own, one of root, and under
 * sudo one of the user who called it.
 */
export function isTrusted(owner: number, { uid, sudoUid }: Reader): boolean {
  if (uid === undefined || owner === uid || owner === 0) return true;
  return uid === 0 && sudoUid !== undefined && sudoUid === String(owner);
}

/**
 * Whether git was told to trust what lies in a directory, whoever owns it.
 * @param safe the values of `safe.directory`, in their order; an empty one takes back those before it
 */
export function isSafeDirectory(directory: string, safe: readonly string[]): boolean {
  const last = safe.lastIndexOf('');
  return safe.slice(last + 1).some((value) => {
    if (value === '*' || value === directory) return true;
    return value.endsWith('/*') && `${directory}/`.startsWith(value.slice(0, -1));
  });
}
