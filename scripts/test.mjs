#!/usr/bin/env node
/**
 * All tests of this repository. First the checks; if one fails, nothing after them is worth its time. Then two
 * lanes at the same time: the end-to-end tests, which mostly wait for clusters, and the unit and
 * integration tests, which mostly compute. Every suite runs even if another one failed. The output of the second
 * lane is printed as each suite ends, so that lines of two suites do not mix. The closing line is always
 * printed.
 */
import { spawn, spawnSync } from 'node:child_process';
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
const env = { ...process.env, HARNESS_REPORTS: reports };

mkdirSync(reports, { recursive: true });
for (const file of [...SUITES.map(reportOf), join(reports, 'waits.jsonl')]) rmSync(file, { force: true });

const [lint, ...others] = [CHECKS[1], ...CHECKS.filter(([title]) => title !== 'Lint')];
const checked = await inLanes([[lint], others].map((lane) => lane.map(([title, ...args]) => [title, args])));
const tested = checked && (await inLanes([[suite('e2e')], [suite('unit'), suite('integration')]]));
const summed =
  spawnSync(process.execPath, ['scripts/sum-reports.mjs', reports, ...SUITES, '--failures'], { stdio: 'inherit' })
    .status === 0;
process.exitCode = tested && summed ? 0 : 1;

function suite(name) {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportOf(name)}`];
  return [`Tests: ${name}`, ['node_modules/vitest/vitest.mjs', 'run', '--project', name, ...reporters]];
}

/** Runs lanes side by side, the programs of a lane one after another. @returns whether all succeeded */
async function inLanes(lanes) {
  const results = lanes.map(async (lane, index) => {
    let ok = true;
    for (const [title, args] of lane) ok = (await node(title, args, index === 0)) && ok;
    return ok;
  });
  return (await Promise.all(results)).every(Boolean);
}

/** @param live print the output as it comes, and not at the end */
async function node(title, args, live) {
  const start = Date.now();
  if (live) process.stdout.write(`\n── ${title}\n`);
  const child = spawn(process.execPath, args, { env, stdio: live ? 'inherit' : ['ignore', 'pipe', 'pipe'] });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => output.push(chunk));
  const { status, signal } = await new Promise((resolve) =>
    child.once('close', (code, name) => resolve({ status: code, signal: name })),
  );
  if (signal) process.exit(130);
  if (!live) process.stdout.write(`\n── ${title}\n${Buffer.concat(output)}`);
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
  process.stdout.write(`── ${title}: ${status === 0 ? 'ok' : 'failed'} (${seconds} s)\n`);
  return status === 0;
}

function reportOf(name) {
  return join(reports, `${name}.json`);
}
