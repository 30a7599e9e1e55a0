import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { TIERS, type Tier } from '../config/config.ts';
import { HarnessError } from '../core/error.ts';
import { runId } from '../fixtures/test-namespace.ts';
import type { TestRun, VitestContext } from '../fixtures/test-run.ts';
import { openHarness, type Harness } from '../harness.ts';
import { thisProcess } from '../machine/running-process.ts';
import { plainReporter } from '../report/lines.ts';
import { CONTEXT_VARIABLE, type HarnessContext } from '../testing/context.ts';
import { endRun, removeOrphans, trimArtifacts } from './orphaned-namespaces.ts';

export type { HarnessContext } from '../testing/context.ts';
export type { Owner } from '../machine/running-process.ts';
export type { TestRun, VitestContext } from '../fixtures/test-run.ts';

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
 * Makes a global setup of your own, for options that stand in the code: `export default
 * harnessSetup({ tier: 'test-fast' })`. Projects of one vitest that want the same share what is
 * brought up, and the last one ends it.
 */
export function harnessSetup(options: SetupOptions = {}): Setup {
  return async (project) => {
    const { tier, configFile } = { ...fromEnvironment(), ...options };
    const { root } = project.config;
    const harness = process.env[CONTEXT_VARIABLE] === undefined ? await open(root, configFile) : undefined;
    const key = harness ? `${tier} ${harness.config.file}` : HANDED;
    const shared = (started[key] ??= { users: 0, context: begin(harness, tier) });
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
 * Vitest's global setup (`globalSetup: ['kind-harness/vitest']`): brings everything up by the tier
 * in `HARNESS_TIER` (default test-cached) and provides `inject('harness')`. Where the harness
 * itself started vitest, everything is up already, and it only passes on what it was handed.
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

/** The key of what the harness that started vitest has brought up. */
const HANDED = '';

async function begin(harness: Harness | undefined, tier: Tier): Promise<VitestContext> {
  const context = harness
    ? await harness.prepare(tier)
    : (JSON.parse(process.env[CONTEXT_VARIABLE] ?? '') as HarnessContext);
  const id = runId(new Date(), process.pid);
  const artifacts = join(context.stateDirectory, 'artifacts');
  const keepNamespaces = !['', '0', 'false'].includes(process.env['HARNESS_KEEP_NAMESPACES'] ?? '');
  const run: TestRun = { id, owner: thisProcess(), artifacts: join(artifacts, id), keepNamespaces };
  trimArtifacts(artifacts);
  await removeOrphans({ ...context, run }, say);
  return { ...context, run };
}

function open(root: string, configFile: string | undefined): Promise<Harness> {
  const emit = plainReporter(say, false);
  return openHarness({ cwd: root, emit, command: 'vitest', ...(configFile === undefined ? {} : { configFile }) });
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
