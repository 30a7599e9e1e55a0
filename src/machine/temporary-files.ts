import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ifPresent } from './if-present.ts';

/** As `replaceFile` names them. */
const TEMPORARY = /\.\d+-[0-9a-z]+\.tmp$/;

/** A file is written within seconds. Milliseconds. */
const ABANDONED_AFTER = 3_600_000;

/**
 * Removes the temporary files below a directory that killed writers left. Links are not followed.
 * @param leaveOut names of directories that contain none
 */
export function removeTemporaries(directory: string, leaveOut: readonly string[] = []): void {
  for (const entry of ifPresent(() => readdirSync(directory, { withFileTypes: true })) ?? []) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && !leaveOut.includes(entry.name)) removeTemporaries(path, leaveOut);
    if (!entry.isFile() || !TEMPORARY.test(entry.name)) continue;
    const written = ifPresent(() => statSync(path).mtimeMs);
    if (written !== undefined && Date.now() - written > ABANDONED_AFTER) rmSync(path, { force: true });
  }
}
