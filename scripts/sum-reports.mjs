#!/usr/bin/env node
/**
 * Sums up the reports of the test runners. Prints `N passed, N failed, N skipped` as the only line
 * on standard output. With `--failures`, standard error names the failed tests before it, because
 * their messages are far apart in a long output. The exit code is 1 if a test failed or a suite left
 * no report. Runs on Node 20 too, so that the line is printed whatever else failed.
 * Usage: sum-reports.mjs DIRECTORY SUITE… [--failures]
 */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** Lines of each failure's message that are printed. */
const MESSAGE_LINES = 20;

const names = process.argv.slice(2).filter((argument) => argument !== '--failures');
const [directory = '.harness/reports', ...suites] = names;
const listsFailures = process.argv.includes('--failures');
const sum = { passed: 0, failed: 0, skipped: 0 };
let complete = true;

for (const suite of suites) {
  const report = readReport(join(directory, `${suite}.json`));
  if (!report) {
    complete = false;
    process.stderr.write(`The suite ${suite} left no report in ${directory}.\n`);
    continue;
  }
  const counts = count(report);
  for (const key of Object.keys(sum)) sum[key] += counts[key];
  if (listsFailures) for (const failure of failures(report)) process.stderr.write(`\nFailed in ${suite}: ${failure}\n`);
  if (!report.success && counts.failed === 0) {
    complete = false;
    process.stderr.write(`The suite ${suite} failed outside its tests.\n`);
  }
}
process.stdout.write(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped\n`);
process.exitCode = complete && sum.failed === 0 ? 0 : 1;

/**
 * Counts the results of single tests. A file that could not be loaded has none, and counts as one
 * failure.
 */
function count(report) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of report.testResults) {
    const isBroken = file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed');
    if (isBroken) counts.failed += 1;
    for (const { status } of file.assertionResults) {
      // todo, pending and disabled tests were not run
      counts[status === 'passed' || status === 'failed' ? status : 'skipped'] += 1;
    }
  }
  return counts;
}

/** Each failed test with the beginning of its message, and each file that could not be loaded. */
function failures(report) {
  return report.testResults.flatMap((file) => {
    const failed = file.assertionResults.filter(({ status }) => status === 'failed');
    const name = relative(process.cwd(), file.name);
    if (failed.length === 0) return file.status === 'failed' ? [described(name, file.message)] : [];
    return failed.map((test) => described(`${name}: ${test.fullName}`, test.failureMessages.join('\n')));
  });
}

function described(name, message) {
  const lines = stripVTControlCharacters(message).split('\n').slice(0, MESSAGE_LINES);
  return [name, ...lines.map((line) => `  ${line}`)].join('\n');
}

function readReport(path) {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'));
    return Array.isArray(report.testResults) ? report : undefined;
  } catch {
    return undefined; // missing or truncated
  }
}
