#!/usr/bin/env node
/**
 * Sums up the test runners' own reports: prints `N passed, N failed, N skipped` as the only line on
 * standard output, and ends with 1 when a test failed or a suite left no report. Runs on Node 20,
 * as the machine has it, so that the line comes whatever else went wrong. Usage: sum-reports.mjs
 * DIRECTORY SUITE…
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const [directory = '.harness/reports', ...suites] = process.argv.slice(2);
const sum = { passed: 0, failed: 0, skipped: 0 };
let complete = true;

for (const suite of suites) {
  const report = readReport(join(directory, `${suite}.json`));
  if (!report) {
    complete = false;
    process.stderr.write(`The suite ${suite} left no report in ${directory}.\n`);
    continue;
  }
  const counted = count(report);
  for (const key of Object.keys(sum)) sum[key] += counted[key];
  if (!report.success && counted.failed === 0) {
    complete = false;
    process.stderr.write(`The suite ${suite} failed outside of its tests.\n`);
  }
}
process.stdout.write(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped\n`);
process.exitCode = complete && sum.failed === 0 ? 0 : 1;

/**
 * Counts from the results of single tests; a file that could not even be loaded has none, and
 * counts as one failure.
 */
function count(report) {
  const found = { passed: 0, failed: 0, skipped: 0 };
  for (const file of report.testResults) {
    const broken = file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed');
    if (broken) found.failed += 1;
    for (const { status } of file.assertionResults) {
      // todo, pending and disabled were not run
      found[status === 'passed' || status === 'failed' ? status : 'skipped'] += 1;
    }
  }
  return found;
}

function readReport(path) {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'));
    return Array.isArray(report.testResults) ? report : undefined;
  } catch {
    return undefined; // absent or cut off
  }
}
