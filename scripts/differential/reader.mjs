import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/**
 * BuildKit's answers, from the Go program in this directory. The program is compiled first, which
 * takes minutes the first time.
 * @param root of this checkout
 */
export function startReader(root) {
  const directory = join(root, '.harness', 'differential');
  const program = join(directory, 'reader');
  mkdirSync(directory, { recursive: true });
  const { status, error } = spawnSync('go', ['build', '-o', program, '.'], {
    cwd: import.meta.dirname,
    stdio: 'inherit',
  });
  if (error || status !== 0)
    throw new Error(`Could not compile ${import.meta.dirname} with Go. ${error?.message ?? ''}`);
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift().resolve(JSON.parse(line)));
  child.on('exit', (code) => {
    for (const { reject } of waiting) reject(new Error(`BuildKit's reader ended with ${code}.`));
  });
  return {
    /** The answer to one question; many may be asked at once. */
    ask: (question) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        child.stdin.write(`${JSON.stringify(question)}\n`);
      }),
    close: async () => {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}
