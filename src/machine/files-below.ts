import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { digestOfJson, sha256 } from '../core/digest.ts';
import { ifPresent } from '../machine/if-present.ts';

/** Directories that belong to tools, and can be large. No chart or overlay is made of them. */
const LEFT_OUT = new Set(['.git', 'node_modules', '.harness']);

/** All files below a directory, by their paths in it. Links are followed, each directory once. */
export function filesBelow(directory: string): string[] {
  const seen = new Set<string>();
  const files: string[] = [];
  const visit = (path: string) => {
    const real = realpathSync(path);
    if (seen.has(real)) return;
    seen.add(real);
    for (const { name } of readdirSync(path, { withFileTypes: true })) {
      if (LEFT_OUT.has(name)) continue;
      const full = join(path, name);
      const kind = statSync(full, { throwIfNoEntry: false });
      if (kind?.isDirectory()) visit(full);
      else if (kind?.isFile()) files.push(full);
    }
  };
  visit(directory);
  return files.sort();
}

/** One digest of the contents of files. A file that is missing counts as missing. */
export function digestOfFiles(paths: readonly string[]): string {
  const contents = [...new Set(paths)].sort().map((path) => {
    const content = ifPresent(() => readFileSync(path));
    return [path, content ? sha256(content) : 'missing'];
  });
  return digestOfJson(contents);
}

/** Identifies a program without running it: its file, and when that was changed. */
export function programStamp(path: string): string {
  const { size, mtimeMs, ino } = statSync(path);
  return `${realpathSync(path)} ${size} ${mtimeMs} ${ino}`;
}
