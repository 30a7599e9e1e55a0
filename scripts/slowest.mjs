#!/usr/bin/env node
/**
 * Prints the slowest test files and tests of the last `just test`, and what the runs of the command in
 * each file waited for.
 * Usage: slowest.mjs [DIRECTORY [COUNT]]; default: .harness/reports, 15.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const [directory = join('.harness', 'reports'), count = '15'] = process.argv.slice(2);
const reports = ['unit', 'integration', 'e2e'].map((suite) => join(directory, `${suite}.json`)).filter(existsSync);
if (reports.length === 0) {
  console.error(`No reports in ${directory}. Run: just test`);
  process.exit(1);
}

const files = reports
  .flatMap((report) => JSON.parse(readFileSync(report, 'utf8')).testResults)
  .map(({ name, startTime, endTime, assertionResults }) => ({
    name: basename(name),
    ms: endTime - startTime,
    tests: assertionResults.map(({ fullName, duration }) => ({ fullName, ms: duration ?? 0 })),
  }))
  .sort((a, b) => b.ms - a.ms);
const waits = sumOfWaits(join(directory, 'waits.jsonl'));

console.log('Slowest files: seconds, tests; below, seconds in steps of the command (steps may overlap)');
for (const { name, ms, tests } of files.slice(0, Number(count))) {
  console.log(`${seconds(ms)}  ${String(tests.length).padStart(3)}  ${name}`);
  const steps = Object.entries(waits.get(name) ?? {}).sort(([, a], [, b]) => b.ms - a.ms);
  if (steps.length > 0)
    console.log(
      `             ${steps.map(([step, { ms: total, times }]) => `${step} ${seconds(total).trim()} in ${times}`).join(', ')}`,
    );
}
console.log('\nSlowest tests: seconds');
const tests = files.flatMap(({ name, tests }) => tests.map((test) => ({ ...test, name }))).sort((a, b) => b.ms - a.ms);
for (const { fullName, ms, name } of tests.slice(0, Number(count))) console.log(`${seconds(ms)}  ${name}: ${fullName}`);

/** By file: the total time of each step, and in how many runs it took more than a moment. */
function sumOfWaits(path) {
  const sums = new Map();
  if (!existsSync(path)) return sums;
  for (const line of readFileSync(path, 'utf8').trim().split('\n')) {
    const { file, steps } = JSON.parse(line);
    const sum = sums.get(file) ?? {};
    sums.set(file, sum);
    for (const [step, ms] of Object.entries(steps).filter(([, spent]) => spent >= 500)) {
      const before = sum[step] ?? { ms: 0, times: 0 };
      sum[step] = { ms: before.ms + ms, times: before.times + 1 };
    }
  }
  return sums;
}

function seconds(ms) {
  return (ms / 1000).toFixed(1).padStart(6);
}
