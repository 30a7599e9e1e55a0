import { dirname, sep } from 'node:path';
import type { ModuleReport } from './module-report.ts';

/** What vitest takes for a test file where nothing else is configured. */
const TEST_FILE = /\.(test|spec)\.[cm]?[jt]sx?$/;

/**
 * Which changed files tests are made of: what they import, what lies beside them, and test files
 * that are new.
 * @param changed absolute paths
 */
export function testFilesAmong(changed: readonly string[], modules: readonly ModuleReport[]): string[] {
  const imported = new Set(modules.flatMap(({ imports }) => imports));
  const directories = [...new Set(modules.map(({ file }) => dirname(file) + sep))];
  return changed.filter(
    (path) => imported.has(path) || TEST_FILE.test(path) || directories.some((directory) => path.startsWith(directory)),
  );
}
