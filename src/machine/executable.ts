import { accessSync, constants, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * The programs called `name` on the PATH, in its order. A file that several links lead to is listed
 * once.
 * @param more directories to search after those of the PATH
 */
export function findOnPath(name: string, env: NodeJS.ProcessEnv, more: readonly string[] = []): string[] {
  const byFile = new Map<string, string>();
  for (const directory of [...(env['PATH'] ?? '').split(delimiter), ...more]) {
    const path = join(directory, name);
    if (directory === '' || !isExecutable(path)) continue;
    const file = realpathSync(path);
    if (!byFile.has(file)) byFile.set(file, path);
  }
  return [...byFile.values()];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
