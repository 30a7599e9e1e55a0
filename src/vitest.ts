import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { openHarness } from './harness.ts';
import { thisProcess } from './drivers/running-process.ts';
import { TIERS, type Tier } from './model/config.ts';
import { CONTEXT_VARIABLE, type HarnessContext } from './model/context.ts';
import { HarnessError } from './model/error.ts';
import type { TestRun, VitestContext } from './model/test-run.ts';
import { runId } from './plan/test-namespace.ts';
import { plainReporter } from './report/lines.ts';
import { endRun, removeLeftovers, trimArtifacts } from './vitest/leftovers.ts';
import type {} from './vitest/provided.ts';

export type { HarnessContext } from './model/context.ts';
export type { Owner, TestRun, VitestContext } from './model/test-run.ts';

/** What `harnessSetup` can be told; each is otherwise taken from the environment. */
export interface SetupOptions {
  /** Default: `HARNESS_TIER`, or else `test-cached`. */
  tier?: Tier;
  /** Default: `HARNESS_CONFIG`, or else found upwards from vitest's root. */
  configFile?: string;
}

/** A vitest global setup, and what undoes it. */
export type Setup = (project: TestProject) => Promise<() => Promise<void>>;

const say = (line: string) => void process.stdout.write(`${line}\n`);

/**
 * Makes a global setup of your own, for options that stand in the code: `export default harnessSetup({ tier: 'test-fast' })`. Projects of one
 * vitest that want the same share what is brought up, and the last one ends it.
 */
export function harnessSetup(options: SetupOptions = {}): Setup {
  return async (project) => {
    const { tier, configFile } = { ...fromEnvironment(), ...options };
    const key = JSON.stringify([tier, configFile ?? project.config.root]);
    const shared = (started[key] ??= { users: 0, context: begin(project.config.root, tier, configFile) });
    shared.users += 1;
    const context = await shared.context;
    project.provide('harness', context);
    return async () => {
      shared.users -= 1;
      if (shared.users > 0) return;
      delete started[key];
      await endRun(context, say);
    };
  };
}

/**
 * Vitest's global setup (`globalSetup: ['kind-harness/vitest']`): brings everything up by the tier in `HARNESS_TIER` (default test-cached) and
 * provides `inject('harness')`. Where the harness itself started vitest, everything is up already, and it only passes on what it was handed.
 * @throws HarnessError, and vitest runs no test
 */
export default harnessSetup();

interface Started {
  users: number;
  context: Promise<VitestContext>;
}

/** Of the whole process: vitest may load this file once for each project. */
const STARTED = Symbol.for('kind-harness.vitest');
const started = ((globalThis as { [STARTED]?: Record<string, Started> })[STARTED] ??= {});

async function begin(root: string, tier: Tier, configFile: string | undefined): Promise<VitestContext> {
  const handed = process.env[CONTEXT_VARIABLE];
  const context = handed === undefined ? await bringEverythingUp(root, tier, configFile) : (JSON.parse(handed) as HarnessContext);
  const id = runId(new Date(), process.pid);
  const run: TestRun = {
    id,
    owner: thisProcess(),
    artifacts: join(context.stateDirectory, 'artifacts', id),
    keepNamespaces: !['', '0', 'false', undefined].includes(process.env['HARNESS_KEEP_NAMESPACES']),
  };
  trimArtifacts(join(context.stateDirectory, 'artifacts'));
  await removeLeftovers({ ...context, run }, say);
  return { ...context, run };
}

async function bringEverythingUp(root: string, tier: Tier, configFile: string | undefined): Promise<HarnessContext> {
  const emit = plainReporter(say, false);
  const harness = await openHarness({ cwd: root, emit, command: 'vitest', ...(configFile === undefined ? {} : { configFile }) });
  return harness.prepare(tier);
}

function fromEnvironment(): { tier: Tier; configFile?: string } {
  const { HARNESS_TIER: tier = '', HARNESS_CONFIG: configFile = '' } = process.env;
  return { tier: tierFrom(tier), ...(configFile === '' ? {} : { configFile }) };
}

function tierFrom(value: string): Tier {
  if (value === '') return 'test-cached';
  const tier = TIERS.find((candidate) => candidate === value);
  if (tier) return tier;
  throw new HarnessError('USAGE', `HARNESS_TIER is \`${value}\`; it must be one of ${TIERS.join(', ')}.`);
}
