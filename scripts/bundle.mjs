#!/usr/bin/env node
/**
 * Bundles the command `harness` from the compiled sources in dist/. It has few files instead of a
 * hundred, and is CommonJS, because a check that finds nothing to do spends most of its time on
 * loading modules. Small libraries are included, and their licences are written next to the bundle.
 * Libraries that a run may not need are loaded from node_modules on demand.
 */
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const OUTPUT = join('dist', 'bin');
/** The packages of node_modules in the bundle. All others stay outside. */
const INSIDE = ['commander', 'valibot', 'tinyglobby', 'fdir', 'picomatch', 'yaml'];

rmSync(OUTPUT, { recursive: true, force: true });
const bundle = await rolldown({
  input: { main: 'dist/cli/main.js', 'scan-worker': 'dist/sources/scan-worker.js' },
  platform: 'node',
  external: (id) => /^[^./]/.test(id) && !INSIDE.includes(nameOf(id)),
  onLog: (level, log) => {
    if (level === 'warn') throw new Error(log.message);
  },
});
const { output } = await bundle.write({
  dir: OUTPUT,
  format: 'cjs',
  entryFileNames: '[name].cjs',
  chunkFileNames: '[name]-[hash].cjs',
  sourcemap: true,
});

// Not bundled, because Node's cache of compiled code must be enabled before anything else is
// loaded, and a bundler puts shared code first.
writeFileSync(
  join(OUTPUT, 'harness.cjs'),
  `#!/usr/bin/env node
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 22)) {
  console.error('harness requires Node 22.22 or newer; this is ' + process.versions.node + '.');
  process.exit(3);
}
require('node:module').enableCompileCache();
void require('./main.cjs').main();
`,
  { mode: 0o755 },
);

const packages = new Set(
  output
    .flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []))
    .flatMap((id) => /.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? []),
);
writeFileSync(join(OUTPUT, 'THIRD-PARTY-LICENSES.txt'), [...packages].sort().map(licenceOf).join('\n'));

function nameOf(id) {
  return id
    .split('/')
    .slice(0, id.startsWith('@') ? 2 : 1)
    .join('/');
}

function licenceOf(directory) {
  const { name, version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const file = readdirSync(directory).find((entry) => /^licen[cs]e/i.test(entry));
  return `${name} ${version} (${license})\n\n${file === undefined ? '' : readFileSync(join(directory, file), 'utf8')}`;
}
