#!/usr/bin/env node
/** Checks whether docs/api is what `npm run docs` generates from these sources. */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [COMMITTED, GENERATED] = ['docs/api', '.harness/api'];

const { status } = spawnSync(
  process.execPath,
  ['node_modules/typedoc/bin/typedoc', '--out', GENERATED, '--logLevel', 'Warn'],
  {
    stdio: 'inherit',
  },
);
if (status !== 0) process.exit(1);
const contents = (directory) =>
  JSON.stringify(
    globSync('**/*.md', { cwd: directory })
      .sort()
      .map((file) => [file, readFileSync(join(directory, file), 'utf8')]),
  );
if (contents(COMMITTED) !== contents(GENERATED)) {
  console.error(`${COMMITTED} is out of date. Run: npm run docs`);
  process.exit(1);
}
