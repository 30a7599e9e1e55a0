import { describe, expect, it } from 'vitest';
import { countTests, endedNormally, type VitestReport } from '../../../src/testing/vitest-report.ts';

const report = (more: Partial<VitestReport> = {}): VitestReport => {
  return { numPassedTests: 1, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [], ...more };
};
const unloadable = report({ testResults: [{ status: 'failed', assertionResults: [] }] });

describe('a run of vitest', () => {
  it('ended normally if it succeeded, or failed because of a test', () => {
    expect(endedNormally(report(), { exitCode: 0 })).toBe(true);
    expect(endedNormally(report({ numFailedTests: 1 }), { exitCode: 1 })).toBe(true);
    expect(endedNormally(unloadable, { exitCode: 1 })).toBe(true);
  });

  it('did not if it failed for another reason, such as its global teardown, or wrote no report', () => {
    expect(endedNormally(report(), { exitCode: 1 })).toBe(false);
    expect(endedNormally(undefined, { exitCode: 0 })).toBe(false);
    for (const without of [report(), undefined])
      expect(() => countTests(without, { exitCode: 1, all: '' })).toThrow(expect.objectContaining({ code: 'TESTS' }));
  });
});
