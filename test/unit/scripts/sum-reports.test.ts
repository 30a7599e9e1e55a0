import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tryRun } from '../../../src/machine/process.ts';

let reports: string;
beforeEach(() => {
  reports = mkdtempSync(join(tmpdir(), 'reports-'));
});
afterEach(() => {
  rmSync(reports, { recursive: true });
});

/** Writes a report as vitest does, for one file whose tests have these states. */
function write(
  suite: string,
  statuses: string[],
  file = statuses.includes('failed') ? 'failed' : 'passed',
  success = file === 'passed',
): void {
  const testResults = [{ status: file, assertionResults: statuses.map((status) => ({ status })) }];
  writeFileSync(join(reports, `${suite}.json`), JSON.stringify({ success, testResults }));
}

async function sum(...suites: string[]): Promise<{ exitCode: number; stdout: string; all: string }> {
  return tryRun([process.execPath, 'scripts/sum-reports.mjs', reports, ...suites]);
}

test('sums up the suites, and counts tests that were not run as skipped', async () => {
  write('unit', ['passed', 'passed', 'skipped', 'todo']);
  write('e2e', ['passed', 'pending']);
  expect(await sum('unit', 'e2e')).toMatchObject({ exitCode: 0, stdout: '3 passed, 0 failed, 3 skipped' });
});

test('a failed test fails', async () => {
  write('unit', ['passed', 'failed']);
  expect(await sum('unit')).toMatchObject({ exitCode: 1, stdout: '1 passed, 1 failed, 0 skipped' });
});

test('names the failed tests on request, with the beginning of their messages', async () => {
  const failed = {
    status: 'failed',
    fullName: 'a build is fresh',
    failureMessages: ['\u001b[31mexpected 1\u001b[39m\nto be 2'],
  };
  const testResults = [
    { name: resolve('test/a.test.ts'), status: 'failed', assertionResults: [{ status: 'passed' }, failed] },
    { name: resolve('test/b.test.ts'), status: 'failed', message: 'no such module', assertionResults: [] },
  ];
  writeFileSync(join(reports, 'unit.json'), JSON.stringify({ success: false, testResults }));
  const { stdout, all } = await sum('unit', '--failures');
  expect(stdout).toBe('1 passed, 2 failed, 0 skipped');
  expect(all).toContain('Failed in unit: test/a.test.ts: a build is fresh\n  expected 1\n  to be 2\n');
  expect(all).toContain('Failed in unit: test/b.test.ts\n  no such module\n');
});

test('a file that could not be loaded counts as one failure', async () => {
  write('unit', [], 'failed');
  expect(await sum('unit')).toMatchObject({ exitCode: 1, stdout: '0 passed, 1 failed, 0 skipped' });
});

test('a suite that failed outside of its tests fails', async () => {
  write('unit', ['passed'], 'passed', false);
  expect(await sum('unit')).toMatchObject({ exitCode: 1, stdout: '1 passed, 0 failed, 0 skipped' });
});

test('a suite without a report fails, and the others are still counted', async () => {
  write('unit', ['passed']);
  const { exitCode, stdout, all } = await sum('unit', 'e2e');
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '1 passed, 0 failed, 0 skipped' });
  expect(all).toContain('The suite e2e left no report');
});

test('a truncated report counts as missing', async () => {
  writeFileSync(join(reports, 'unit.json'), '{"testResults": [');
  expect(await sum('unit')).toMatchObject({ exitCode: 1, stdout: '0 passed, 0 failed, 0 skipped' });
});
