import { relative } from 'node:path';
import type { Tier } from '../config/config.ts';
import { step } from '../core/step.ts';
import type { TestSummary } from '../core/summary.ts';
import { count } from '../core/words.ts';
import { hasReplaced } from '../loading/replacements.ts';
import { collectReplaced } from '../pruning/collect-replaced.ts';
import type { Session } from '../session.ts';
import { asFailed, type ModuleReport } from '../testing/module-report.ts';
import { PreloadedVitest } from '../testing/preloaded-vitest.ts';
import { runTests, type TestRun } from '../testing/run-tests.ts';
import { serviceUrls } from '../testing/service-urls.ts';
import type { TestCache } from '../testing/test-cache.ts';
import { assertCurrent, whyNotCurrent } from './current.ts';
import { prepare, type Prepared } from './prepare.ts';

/** How tests are run. */
export interface TestOptions extends Pick<TestRun, 'args' | 'colour' | 'keepNamespaces' | 'vitest'> {
  /** Whether to skip test files that passed before if nothing changed. */
  testCache: 'as configured' | 'on' | 'off';
}

/** Runs a tier: prepares everything, then runs the tests. */
export async function runTier(session: Session, tier: Tier, options: TestOptions): Promise<TestSummary> {
  const vitest = preloadedVitest(session, options.colour);
  try {
    const prepared = await prepare(session, tier, () => void vitest?.load());
    return (await testPrepared(session, tier, prepared, { ...options, vitest })).summary;
  } finally {
    await vitest?.end();
  }
}

/**
 * A vitest process that can load before the tests start, if vitest runs them. The caller ends it.
 */
export function preloadedVitest({ config, env, signal }: Session, colour: boolean): PreloadedVitest | undefined {
  return config.tests.runner === 'vitest' ? new PreloadedVitest(config.root, colour, signal, env) : undefined;
}

/**
 * Runs the tests on what was prepared.
 * @returns the result, and which modules the test files import, if that is known
 * @throws HarnessError NOT_CURRENT if something else is deployed before or after the tests
 */
export async function testPrepared(
  session: Session,
  tier: Tier,
  prepared: Prepared,
  options: TestOptions,
): Promise<{ summary: TestSummary; modules: ModuleReport[] | undefined }> {
  const { config, emit, signal } = session;
  const { context } = prepared;
  const before = whyNotCurrent(session, prepared);
  const [cache] = await Promise.all([openCache(session, tier, options, prepared), before.then(assertCurrent)]);
  let modules: ModuleReport[] | undefined;
  const learn = (reports: ModuleReport[]) => {
    modules = reports;
    cache?.learn(reports);
  };
  const forwards = new AbortController();
  // In parallel with the tests, which do not depend on it.
  const collected = hasReplaced(session) ? collectReplaced(session, prepared.nodes) : undefined;
  const tested = step(emit, 'tests', 'running the tests', async () => {
    const onLine = (line: string) => emit({ type: 'output', from: 'tests', line });
    const { args, colour, keepNamespaces, vitest } = options;
    // Tests in vitest get the URLs from fixtures, which also work in their own namespaces.
    const env =
      config.tests.runner === 'command' ? await serviceUrls(context, objectsOf(prepared), forwards.signal) : {};
    const value = await runAsDeployed(session, prepared, {
      config,
      context,
      args,
      colour,
      keepNamespaces,
      baseEnv: session.env,
      env,
      onLine,
      vitest,
      signal,
      ...(cache ? { cache: { unchanged: cache.unchanged, learn } } : {}),
    });
    const { passed, failed, skipped, unchanged = 0 } = value;
    const skippedFiles = unchanged > 0 ? `; ${count(unchanged, 'unchanged file')} not run` : '';
    return {
      title: `tests: ${passed} passed, ${failed} failed, ${skipped} skipped${skippedFiles}`,
      failed: failed > 0,
      value,
    };
  });
  try {
    session.tests = await tested;
  } finally {
    forwards.abort();
    await collected;
  }
  return { summary: session.tests, modules };
}

/** Everything that was deployed. */
function objectsOf({ objects, steps }: Prepared): Prepared['objects'] {
  const inSteps = steps.flatMap((step) =>
    step.objects.map(({ source, object }) => ({
      source,
      object: { ...object, metadata: { namespace: step.namespace, ...object.metadata } },
    })),
  );
  return [...objects, ...inSteps];
}

/**
 * Runs the tests, and reports the result of each file only if what was deployed for them is still
 * there afterwards. Otherwise all of them count as failed.
 * @throws HarnessError NOT_CURRENT
 */
async function runAsDeployed(session: Session, prepared: Prepared, run: TestRun): Promise<TestSummary> {
  let reports: ModuleReport[] | undefined;
  const cache = run.cache && { ...run.cache, learn: (all: ModuleReport[]) => (reports = all) };
  const result = await runTests({ ...run, ...(cache ? { cache } : {}) }).then(
    (summary) => () => summary,
    (error: unknown) => () => {
      throw error;
    },
  );
  session.signal.throwIfAborted();
  const differences = await whyNotCurrent(session, prepared);
  if (reports) run.cache?.learn(differences.length === 0 ? reports : reports.map(asFailed));
  assertCurrent(differences);
  return result();
}

/**
 * The test cache, if it can be used: by default not in CI and not in `test-kind`, and never with
 * arguments, because these may select tests.
 */
async function openCache(
  session: Session,
  tier: Tier,
  { args, testCache }: TestOptions,
  prepared: Prepared,
): Promise<TestCache | undefined> {
  const { config, env, emit } = session;
  if (config.tests.runner !== 'vitest' || testCache === 'off' || args.length > 0) return undefined;
  if (testCache === 'as configured' && (!config.tests.cache.on || env['CI'] || tier === 'test-kind')) return undefined;
  const { TestCache } = await import('../testing/test-cache.ts');
  const cache = await TestCache.open(session, config.tests.cache, prepared);
  for (const { file, reason } of cache.due) {
    emit({ type: 'note', level: 'info', message: `${relative(config.root, file)} runs again (${reason})` });
  }
  return cache;
}
