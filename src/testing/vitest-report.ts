import { HarnessError } from '../core/error.ts';
import type { TestSummary } from '../core/summary.ts';
import { tail } from '../machine/process.ts';

/** The part of vitest's JSON report that is read here. */
export interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { status: string; assertionResults: unknown[] }[];
}

/**
 * Counts the tests of a run of vitest.
 * @throws HarnessError TESTS when vitest failed for another reason than a failed test
 */
export function countTests(
  report: VitestReport | undefined,
  { exitCode, all }: { exitCode: number; all: string },
): TestSummary {
  if (!report) {
    throw new HarnessError('TESTS', `vitest ended with exit code ${exitCode} and wrote no report.`, {
      detail: tail(all),
      next: 'Fix the error shown above. Run vitest directly to see all of its output.',
    });
  }
  const failed = failedIn(report);
  if (!endedNormally(report, { exitCode })) {
    throw new HarnessError('TESTS', `vitest ended with exit code ${exitCode}, though no test failed.`, {
      detail: tail(all),
      next: 'Look for an error outside of the tests, or for a filter that matches no test.',
    });
  }
  return { passed: report.numPassedTests, failed, skipped: report.numPendingTests + report.numTodoTests };
}

/** Whether a run of vitest has a result: it succeeded, or failed because of a failed test. */
export function endedNormally(report: VitestReport | undefined, { exitCode }: { exitCode: number }): boolean {
  return report !== undefined && (exitCode === 0 || failedIn(report) > 0);
}

function failedIn({ numFailedTests, testResults }: VitestReport): number {
  return numFailedTests + testResults.filter(isUnloadable).length;
}

/** A file that cannot be loaded has no tests that could fail, so it counts as one failed test. */
function isUnloadable({ status, assertionResults }: VitestReport['testResults'][number]): boolean {
  return status === 'failed' && assertionResults.length === 0;
}
