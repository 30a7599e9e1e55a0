import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';

/**
 * The answers of a Go program that reads as the original does. The program is compiled first, which
 * can take minutes the first time.
 * @param root of this checkout
 * @param sources the program's directory
 */
export function startReader(root, sources) {
  const directory = join(root, '.harness', 'differential');
  const program = join(directory, basename(sources));
  mkdirSync(directory, { recursive: true });
  const { status, error } = spawnSync('go', ['build', '-o', program, '.'], {
    cwd: sources,
    stdio: 'inherit',
  });
  if (error || status !== 0) throw new Error(`Could not compile ${sources} with Go. ${error?.message ?? ''}`);
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift().resolve(JSON.parse(line, exactly)));
  child.on('exit', (code) => {
    for (const { reject } of waiting) reject(new Error(`${program} ended with ${code}.`));
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

/** Keeps all digits of large integers. */
function exactly(_, value, { source = '' }) {
  const isRounded = typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source);
  return isRounded ? JSON.rawJSON(source) : value;
}
