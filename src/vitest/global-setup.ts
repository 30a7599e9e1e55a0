/** @module vitest */

import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { CLAIMS_VARIABLE } from '../claims/hold.ts';
import { TIERS, type Tier } from '../config/config.ts';
import { HarnessError } from '../core/error.ts';
import { runId } from '../fixtures/test-namespace.ts';
import type { TestRun, VitestContext } from '../fixtures/test-run.ts';
import { openHarness, type Harness } from '../harness.ts';
import { thisProcess } from '../machine/running-process.ts';
import { plainReporter } from '../report/lines.ts';
import type { PreparedTests } from '../run/prepare-for-others.ts';
import { CONTEXT_VARIABLE, type HarnessContext } from '../testing/context.ts';
import { endRun, removeOrphans, trimArtifacts } from './orphaned-namespaces.ts';

export type { HarnessContext } from '../testing/context.ts';
export type { Owner } from '../machine/running-process.ts';
export type { TestRun, VitestContext } from '../fixtures/test-run.ts';

/** Options of `harnessSetup`. The environment provides the defaults. */
export interface SetupOptions {
  /** Default: `HARNESS_TIER`, or `test-cached` if that is not set. */
  tier?: Tier;
  /**
   * Default: `HARNESS_CONFIG`. If that is not set, the nearest file in vitest's root or a directory
   * above it.
   */
  configFile?: string;
  /** The profile of the configuration. Default: `HARNESS_PROFILE`; none if that is not set. */
  profile?: string;
}

/** A global setup of vitest. It returns its teardown. */
export type Setup = (project: TestProject) => Promise<() => Promise<void>>;

const print = (line: string) => void process.stdout.write(`${line}\n`);

/**
 * Creates a global setup with its own options: export `harnessSetup({ tier: 'test-fast' })` as
 * default. Projects of one vitest with the same options share one environment. The last one to
 * finish ends it.
 */
export function harnessSetup(options: SetupOptions = {}): Setup {
  return async (project) => {
    const { tier, ...which } = { ...fromEnvironment(), ...options };
    const { root } = project.config;
    const harness = process.env[CONTEXT_VARIABLE] === undefined ? await open(root, which) : undefined;
    const key = harness ? `${tier} ${harness.config.profile ?? ''} ${harness.config.file}` : FROM_HARNESS;
    const shared = (started[key] ??= { users: 0, running: start(harness, tier) });
    shared.users += 1;
    const { context, end } = await shared.running;
    project.provide('harness', context);
    return async () => {
      shared.users -= 1;
      if (shared.users > 0) return;
      delete started[key];
      await endRun(context, print);
      await end();
    };
  };
}

/**
 * Vitest's global setup (`globalSetup: ['kind-harness/vitest']`): prepares cluster, images and
 * deployment for the tier in `HARNESS_TIER` (default `test-cached`) and provides
 * `inject('harness')`. If the harness itself started vitest, everything is prepared already, and
 * the setup only provides it.
 * @throws HarnessError, and vitest runs no test
 */
export default harnessSetup();

interface Started {
  users: number;
  running: Promise<{ context: VitestContext; end: () => Promise<void> }>;
}

/** Global to the process, because vitest may load this file once for each project. */
const STARTED = Symbol.for('kind-harness.vitest');
const started = ((globalThis as { [STARTED]?: Record<string, Started> })[STARTED] ??= {});

/** The key for what the harness that started vitest has prepared. */
const FROM_HARNESS = '';

async function start(harness: Harness | undefined, tier: Tier): Started['running'] {
  const { context, end } = harness ? await prepare(harness, tier) : fromHarness();
  const id = runId(new Date(), process.pid);
  const artifacts = join(context.stateDirectory, 'artifacts');
  const keepNamespaces = !['', '0', 'false'].includes(process.env['HARNESS_KEEP_NAMESPACES'] ?? '');
  const run: TestRun = { id, owner: thisProcess(), artifacts: join(artifacts, id), keepNamespaces };
  trimArtifacts(artifacts);
  await removeOrphans({ ...context, run }, print);
  return { context: { ...context, run }, end };
}

/** The claim on what is deployed lasts until `end` is called, or this process ends. */
async function prepare(harness: Harness, tier: Tier): Promise<Omit<PreparedTests, 'claim'>> {
  const { context, claim, end } = await harness.prepareForTests(tier);
  // Commands that the tests run are part of them, and do not wait for them.
  process.env[CLAIMS_VARIABLE] = [process.env[CLAIMS_VARIABLE], claim].filter(Boolean).join(' ');
  return { context, end };
}

/** The harness that started vitest holds the cluster's lock until the end of the tests. */
function fromHarness(): Omit<PreparedTests, 'claim'> {
  const context = JSON.parse(process.env[CONTEXT_VARIABLE] ?? '') as HarnessContext;
  return { context, end: () => Promise.resolve() };
}

function open(root: string, { configFile, profile }: SetupOptions): Promise<Harness> {
  const emit = plainReporter(print, false);
  return openHarness({ cwd: root, emit, command: 'vitest', configFile, profile });
}

function fromEnvironment(): SetupOptions & { tier: Tier } {
  const { HARNESS_TIER: tier = '', HARNESS_CONFIG: configFile = '', HARNESS_PROFILE: profile = '' } = process.env;
  return { tier: tierFrom(tier), ...(configFile && { configFile }), ...(profile && { profile }) };
}

function tierFrom(value: string): Tier {
  if (value === '') return 'test-cached';
  const tier = TIERS.find((candidate) => candidate === value);
  if (tier) return tier;
  throw new HarnessError('USAGE', `HARNESS_TIER is \`${value}\`. Expected one of ${TIERS.join(', ')}.`);
}
