import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Creates a directory for the running test. It is removed when the test ends. */
export function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'kind-harness-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Creates a directory in this repository, so that vitest is found there. The caller removes it. */
export function scratchWithVitest(name: string): string {
  mkdirSync('.harness', { recursive: true });
  return mkdtempSync(join(process.cwd(), '.harness', `${name}-`));
}

/** Writes files and their directories. A path that ends in `/` is a directory. */
export function plant(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    const full = join(directory, path);
    mkdirSync(path.endsWith('/') ? full : dirname(full), { recursive: true });
    if (!path.endsWith('/')) writeFileSync(full, content);
  }
}
