import { join } from 'node:path';
import type { Config, TestsConfig } from '../config/config.ts';
import { environmentName } from '../config/names.ts';
import { HarnessError } from '../core/error.ts';
import type { TestSummary } from '../core/summary.ts';
import { tryRun } from '../machine/process.ts';
import { makeStateDirectory, readState, removeState } from '../machine/state-file.ts';
import { CONTEXT_VARIABLE, type HarnessContext } from './context.ts';
import { serviceVariables } from './environment.ts';
import { asFailed, REPORT_VARIABLE, type ModuleReport } from './module-report.ts';
import { fileForVitest, PreloadedVitest } from './preloaded-vitest.ts';
import { countTests, endedNormally, type VitestReport } from './vitest-report.ts';

export interface TestRun {
  config: Config;
  context: HarnessContext;
  /** More arguments for the runner: those after `--`. */
  args: string[];
  /**
   * The test files that need not run (absolute paths), and what to call with the reports of the
   * others. For vitest only.
   */
  cache?: { unchanged: readonly string[]; learn: (reports: ModuleReport[]) => void };
  /** Whether the runner may use colours. */
  colour: boolean;
  /** The runner's environment before its own variables. Default: this process's. */
  baseEnv?: NodeJS.ProcessEnv | undefined;
  /** More environment variables for the runner. */
  env: Record<string, string>;
  /** Whether the namespaces of tests are kept after the tests. */
  keepNamespaces: boolean;
  onLine: (line: string) => void;
  /** The vitest to run the tests with, if one was preloaded. */
  vitest?: PreloadedVitest | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Runs the tests. Failed tests are a result and not an error.
 * @throws HarnessError TESTS when they could not be run at all
 */
export async function runTests(run: TestRun): Promise<TestSummary> {
  return run.config.tests.runner === 'command'
    ? runCommand(run, run.config.tests.command)
    : runVitest(run, run.config.tests);
}

/** Environment variables for every runner. */
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

/** Runs any program; its exit code counts as one passed or one failed test. */
async function runCommand(run: TestRun, command: [string, ...string[]]): Promise<TestSummary> {
  const { exitCode } = await tryRun([...command, ...run.args], {
    cwd: run.config.root,
    baseEnv: run.baseEnv,
    env: { ...testEnvironment(run), ...(run.colour ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }) },
    code: 'TESTS',
    keepStdout: false,
    onLine: run.onLine,
    signal: run.signal,
  }).catch((error: unknown) => {
    if (!(error instanceof HarnessError) || error.code !== 'TOOL_MISSING') throw error;
    throw new HarnessError('TESTS', `The test program \`${command[0]}\` was not found.`, {
      next: 'Correct `tests.command`. It runs in the directory of the configuration file, without a shell.',
    });
  });
  return { passed: exitCode === 0 ? 1 : 0, failed: exitCode === 0 ? 0 : 1, skipped: 0 };
}

async function runVitest(run: TestRun, tests: TestsConfig & { runner: 'vitest' }): Promise<TestSummary> {
  const directory = join(run.config.stateDirectory, 'reports');
  // vitest creates it only when it writes its own report, which may be after ours.
  makeStateDirectory(directory);
  const report = join(directory, `vitest-${process.pid}.json`);
  const modules = join(directory, `modules-${process.pid}.json`);
  // A killed process of the same id may have left these.
  [report, modules].forEach(removeState);
  const vitest = run.vitest ?? new PreloadedVitest(run.config.root, run.colour, run.signal, run.baseEnv);
  const env = { ...testEnvironment(run), [REPORT_VARIABLE]: modules };
  // The report is removed below, so its path is of no use to anyone.
  const onLine = (line: string) => (line.startsWith('JSON report written to ') ? undefined : run.onLine(line));
  try {
    const result = await vitest.run({ args: vitestArguments(run, tests, report), env }, onLine);
    const vitestReport = readState<VitestReport>(report);
    const reports = readState<ModuleReport[]>(modules);
    if (reports) run.cache?.learn(endedNormally(vitestReport, result) ? reports : reports.map(asFailed));
    const summary = countTests(vitestReport, result);
    return run.cache ? { ...summary, unchanged: run.cache.unchanged.length } : summary;
  } finally {
    [report, modules].forEach(removeState);
  }
}

function vitestArguments(run: TestRun, tests: TestsConfig & { runner: 'vitest' }, report: string): string[] {
  return [
    'run',
    ...(tests.config === undefined ? [] : ['--config', tests.config]),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...(run.cache ? [`--reporter=${fileForVitest('passed-reporter')}`, ...exclude(run.cache.unchanged)] : []),
    ...tests.args,
    ...run.args,
  ];
}

/** Vitest takes patterns, so special characters of the paths are escaped. */
function exclude(files: readonly string[]): string[] {
  return files.length === 0
    ? []
    : ['--passWithNoTests', ...files.map((file) => `--exclude=${file.replace(/[\\()[\]{}!*?+@]/g, '\\$&')}`)];
}
