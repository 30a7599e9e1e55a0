import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A directory of the running test's own, gone with it. */
export function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'kind-harness-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/**
 * A directory within this repository, so that vitest is found from there. Whoever asked for it
 * removes it.
 */
export function scratchWithVitest(name: string): string {
  mkdirSync('.harness', { recursive: true });
  return mkdtempSync(join(process.cwd(), '.harness', `${name}-`));
}

/** Writes files, with the directories they need; a path that ends in `/` is a directory. */
export function plant(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    const full = join(directory, path);
    mkdirSync(path.endsWith('/') ? full : dirname(full), { recursive: true });
    if (!path.endsWith('/')) writeFileSync(full, content);
  }
}
