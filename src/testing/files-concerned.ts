import { dirname, sep } from 'node:path';
import type { ModuleReport } from './module-report.ts';

/** The test files that vitest finds by default. */
const TEST_FILE = /\.(test|spec)\.[cm]?[jt]sx?$/;

/**
 * The changed files that tests depend on: files that they import, the runner's configuration, files
 * next to them, and new test files.
 * @param changed absolute paths
 */
export function testFilesAmong(changed: readonly string[], modules: readonly ModuleReport[]): string[] {
  const imported = new Set(modules.flatMap(({ imports, configurations }) => [...imports, ...configurations]));
  const directories = [...new Set(modules.map(({ file }) => dirname(file) + sep))];
  return changed.filter(
    (path) => imported.has(path) || TEST_FILE.test(path) || directories.some((directory) => path.startsWith(directory)),
  );
}
