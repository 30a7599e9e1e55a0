#!/usr/bin/env node
/**
 * All tests of this repository: the checks first, and no further when they fail, as nothing after
 * them is worth its time then; after that every suite, also when an earlier one failed, since they
 * tell of different things. The closing line is printed in any case.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const SUITES = ['unit', 'integration', 'e2e'];
const CHECKS = [
  ['Types', 'node_modules/typescript/bin/tsc', '--noEmit'],
  ['Lint', 'node_modules/eslint/bin/eslint.js', '.'],
  ['Format', 'node_modules/prettier/bin/prettier.cjs', '--check', '.'],
  ['Unused code', 'node_modules/knip/bin/knip.js'],
  ['API reference', 'scripts/check-docs.mjs'],
  ['Configuration schema', 'scripts/schema.mjs', '--check'],
];
const reports = process.env.HARNESS_REPORTS || join('.harness', 'reports');

mkdirSync(reports, { recursive: true });
for (const suite of SUITES) rmSync(reportOf(suite), { force: true });

const checked = CHECKS.map(([title, ...args]) => node(title, args));
const tested = checked.every(Boolean) && SUITES.map(runSuite).every(Boolean);
const summed =
  spawnSync(process.execPath, ['scripts/sum-reports.mjs', reports, ...SUITES], { stdio: 'inherit' }).status === 0;
process.exitCode = tested && summed ? 0 : 1;

function runSuite(suite) {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportOf(suite)}`];
  return node(`Tests: ${suite}`, ['node_modules/vitest/vitest.mjs', 'run', '--project', suite, ...reporters]);
}

function node(title, args) {
  const start = Date.now();
  process.stdout.write(`\n── ${title}\n`);
  const { status, signal } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (signal) process.exit(130);
  process.stdout.write(
    `── ${title}: ${status === 0 ? 'ok' : 'failed'} (${((Date.now() - start) / 1000).toFixed(1)} s)\n`,
  );
  return status === 0;
}

function reportOf(suite) {
  return join(reports, `${suite}.json`);
}
