import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tryRun } from '../../../src/machine/process.ts';

/**
 * A small checkout with the real script. In place of npm and the compiler it has programs that only
 * write a trace.
 */
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bootstrap-'));
  for (const directory of ['scripts', 'src', 'bin', 'home']) mkdirSync(join(root, directory));
  cpSync('scripts/bootstrap.mjs', join(root, 'scripts/bootstrap.mjs'));
  for (const file of ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json']) write(file, '{}');
  write('src/cli.ts', '');
  write(
    'scripts/bundle.mjs',
    `import fs from 'node:fs';
fs.appendFileSync('trace', 'bundle\\n');
fs.mkdirSync('dist/bin', { recursive: true });
fs.writeFileSync('dist/bin/harness.cjs', 'console.log("cli", ...process.argv.slice(2))');
`,
  );
  write(
    'bin/npm',
    `#!/bin/sh
echo "npm $1" >> trace
mkdir -p node_modules/typescript/bin
cp compiler.cjs node_modules/typescript/bin/tsc
echo {} > node_modules/.package-lock.json
`,
    0o755,
  );
  write(
    'compiler.cjs',
    `const fs = require('node:fs');
fs.appendFileSync('trace', 'tsc\\n');
fs.mkdirSync('dist', { recursive: true });
for (const file of fs.readdirSync('src')) fs.writeFileSync('dist/' + file.replace('.ts', '.js'), 'console.log("cli", ...process.argv.slice(2))');
`,
  );
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function write(file: string, text: string, mode = 0o644): void {
  writeFileSync(join(root, file), text, { mode });
}

/** Runs the script and returns what it did. */
async function bootstrap(): Promise<string[]> {
  rmSync(join(root, 'trace'), { force: true });
  const PATH = `${join(root, 'bin')}:/usr/bin:/bin`;
  const { exitCode, all, stdout } = await tryRun([process.execPath, 'scripts/bootstrap.mjs'], {
    cwd: root,
    env: { PATH },
  });
  expect(exitCode, all).toBe(0);
  expect(stdout, 'standard output belongs to the command that follows').toBe('');
  return existsSync(join(root, 'trace')) ? readFileSync(join(root, 'trace'), 'utf8').trimEnd().split('\n') : [];
}

test('a fresh checkout is installed and built, and the second run does nothing', async () => {
  expect(await bootstrap()).toEqual(['npm ci', 'tsc', 'bundle']);
  expect(await bootstrap()).toEqual([]);
});

test('a changed source causes a build, a touched one does not', async () => {
  await bootstrap();
  const later = new Date(Date.now() + 60_000);
  utimesSync(join(root, 'src/cli.ts'), later, later);
  expect(await bootstrap()).toEqual([]);
  write('src/cli.ts', '// changed');
  expect(await bootstrap()).toEqual(['tsc', 'bundle']);
});

test('the output of a deleted source is removed', async () => {
  write('src/gone.ts', '');
  await bootstrap();
  expect(existsSync(join(root, 'dist/gone.js'))).toBe(true);
  rmSync(join(root, 'src/gone.ts'));
  expect(await bootstrap()).toEqual(['tsc', 'bundle']);
  expect(existsSync(join(root, 'dist/gone.js'))).toBe(false);
  expect(existsSync(join(root, 'dist/cli.js'))).toBe(true);
});

test('a newer lock file installs the dependencies again', async () => {
  await bootstrap();
  const later = new Date(Date.now() + 60_000);
  utimesSync(join(root, 'package-lock.json'), later, later);
  expect(await bootstrap()).toContain('npm ci');
});

test('two runs at once take turns, and the second one does nothing', async () => {
  const [first, second] = await Promise.all([bootstrapQuietly(), bootstrapQuietly()]);
  expect([first, second]).toEqual([0, 0]);
  expect(readFileSync(join(root, 'trace'), 'utf8')).toBe('npm ci\ntsc\nbundle\n');
});

test('the lock of a killed process does not block the next one', async () => {
  mkdirSync(join(root, '.harness'));
  write('.harness/bootstrap.lock', '999999999');
  expect(await bootstrap()).toEqual(['npm ci', 'tsc', 'bundle']);
  expect(existsSync(join(root, '.harness/bootstrap.lock'))).toBe(false);
});

async function bootstrapQuietly(): Promise<number> {
  const PATH = `${join(root, 'bin')}:/usr/bin:/bin`;
  return (await tryRun([process.execPath, 'scripts/bootstrap.mjs'], { cwd: root, env: { PATH } })).exitCode;
}
