import { join } from 'node:path';
import type { Config, TestsConfig } from '../config/config.ts';
import { environmentName } from '../config/names.ts';
import { HarnessError } from '../core/error.ts';
import type { TestSummary } from '../core/summary.ts';
import { tail, tryRun } from '../machine/process.ts';
import { makeStateDirectory, readState, removeState } from '../machine/state-file.ts';
import { CONTEXT_VARIABLE, type HarnessContext } from './context.ts';
import { serviceVariables } from './environment.ts';
import { REPORT_VARIABLE, type ModuleReport } from './module-report.ts';
import { fileForVitest, PreloadedVitest } from './preloaded-vitest.ts';

export interface TestRun {
  config: Config;
  context: HarnessContext;
  /** More arguments for the runner, from behind `--`. */
  args: string[];
  /**
   * Test files that need not run, absolute paths; and who hears what the others were made of. For
   * vitest only.
   */
  cache?: { unchanged: readonly string[]; learn: (reports: ModuleReport[]) => void };
  /** Whether the runner may use colours. */
  colour: boolean;
  /** More for its environment. */
  env: Record<string, string>;
  /** Whether the namespaces of tests stay when they are over. */
  keepNamespaces: boolean;
  onLine: (line: string) => void;
  /** The vitest to run them with, if one was started ahead. */
  vitest?: PreloadedVitest | undefined;
  signal?: AbortSignal;
}

/**
 * Runs the tests to their end. Failed tests are an answer and not an error.
 * @throws HarnessError TESTS when they could not be run at all
 */
export async function runTests(run: TestRun): Promise<TestSummary> {
  return run.config.tests.runner === 'command'
    ? runCommand(run, run.config.tests.command)
    : runVitest(run, run.config.tests);
}

/** What every runner finds in its environment. */
function testEnvironment({ context, env, keepNamespaces }: TestRun): Record<string, string> {
  const images = Object.entries(context.images).map(([name, reference]) => [environmentName(name), reference]);
  return {
    KUBECONFIG: context.kubeconfig,
    HARNESS_NAMESPACE: context.namespace,
    HARNESS_TIER: context.tier,
    [CONTEXT_VARIABLE]: JSON.stringify(context),
    ...(Object.fromEntries(images) as Record<string, string>),
    ...serviceVariables(context.services),
    ...env,
    ...(keepNamespaces ? { HARNESS_KEEP_NAMESPACES: '1' } : {}),
  };
}

/** Any program: its exit status is one passed or one failed test. */
async function runCommand(run: TestRun, command: [string, ...string[]]): Promise<TestSummary> {
  const { exitCode } = await tryRun([...command, ...run.args], {
    cwd: run.config.root,
    env: { ...testEnvironment(run), ...(run.colour ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }) },
    code: 'TESTS',
    onLine: run.onLine,
    ...(run.signal === undefined ? {} : { signal: run.signal }),
  }).catch((error: unknown) => {
    if (!(error instanceof HarnessError) || error.code !== 'TOOL_MISSING') throw error;
    throw new HarnessError('TESTS', `The test program \`${command[0]}\` was not found.`, {
      next: 'Correct `tests.command`; it runs in the directory of the configuration, without a shell.',
    });
  });
  return { passed: exitCode === 0 ? 1 : 0, failed: exitCode === 0 ? 0 : 1, skipped: 0 };
}

/** The part of vitest's JSON report that counts. */
interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { status: string; assertionResults: unknown[] }[];
}

async function runVitest(run: TestRun, tests: TestsConfig & { runner: 'vitest' }): Promise<TestSummary> {
  const reports = join(run.config.stateDirectory, 'reports');
  makeStateDirectory(reports); // vitest makes it for its own report alone, and writes ours beside that, before or after
  const report = join(reports, `vitest-${process.pid}.json`);
  removeState(report);
  const modules = join(reports, `modules-${process.pid}.json`);
  // it is ours, and removed
  const onLine = (line: string) => (line.startsWith('JSON report written to ') ? undefined : run.onLine(line));
  const args = [
    'run',
    ...(tests.config === undefined ? [] : ['--config', tests.config]),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...(run.cache ? [`--reporter=${fileForVitest('passed-reporter')}`, ...leftOut(run.cache.unchanged)] : []),
    ...tests.args,
    ...run.args,
  ];
  const vitest = run.vitest ?? new PreloadedVitest(run.config.root, run.colour, run.signal);
  const { exitCode, all } = await vitest.run(
    { args, env: { ...testEnvironment(run), [REPORT_VARIABLE]: modules } },
    onLine,
  );
  const counts = readState<VitestReport>(report);
  const learned = readState<ModuleReport[]>(modules);
  [report, modules].forEach(removeState);
  if (learned) run.cache?.learn(learned);
  if (!counts) {
    throw new HarnessError('TESTS', `vitest ended with exit code ${exitCode} and without a report.`, {
      detail: tail(all),
      next: 'Correct what it says above; to see it alone, run vitest itself.',
    });
  }
  // A file that cannot even be loaded has no tests to fail; it counts as one.
  const unloadable = counts.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
  const failed = counts.numFailedTests + unloadable;
  if (exitCode !== 0 && failed === 0) {
    throw new HarnessError('TESTS', `vitest ended with exit code ${exitCode}, though no test failed.`, {
      detail: tail(all),
      next: 'Look for an error outside of tests, or for a filter that no test matches.',
    });
  }
  const skipped = counts.numPendingTests + counts.numTodoTests;
  return {
    passed: counts.numPassedTests,
    failed,
    skipped,
    ...(run.cache ? { unchanged: run.cache.unchanged.length } : {}),
  };
}

/** A path is no pattern: what would be special in one is escaped. */
function leftOut(files: readonly string[]): string[] {
  return files.length === 0
    ? []
    : ['--passWithNoTests', ...files.map((file) => `--exclude=${file.replace(/[\\()[\]{}!*?+@]/g, '\\$&')}`)];
}
