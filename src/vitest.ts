import type { TestProject } from 'vitest/node';
import { openHarness } from './harness.ts';
import { TIERS, type Tier } from './model/config.ts';
import { CONTEXT_VARIABLE, type HarnessContext } from './model/context.ts';
import { HarnessError } from './model/error.ts';
import { plainReporter } from './report/lines.ts';

export type { HarnessContext } from './model/context.ts';

declare module 'vitest' {
  interface ProvidedContext {
    harness: HarnessContext;
  }
}

/**
 * Vitest's global setup (`globalSetup: ['kind-harness/vitest']`): brings everything up by the tier in `HARNESS_TIER` (default test-cached) and
 * provides `inject('harness')`. Where the harness itself started vitest, everything is up already, and it only passes on what it was handed.
 * @throws HarnessError, and vitest runs no test
 */
export default async function setup(project: TestProject): Promise<void> {
  const handed = process.env[CONTEXT_VARIABLE];
  const context = handed === undefined ? await bringEverythingUp(project.config.root) : (JSON.parse(handed) as HarnessContext);
  project.provide('harness', context);
}

async function bringEverythingUp(root: string): Promise<HarnessContext> {
  const tier = tierFrom(process.env['HARNESS_TIER']);
  const emit = plainReporter((line) => process.stdout.write(`${line}\n`), false);
  const harness = await openHarness({ cwd: root, emit, command: 'vitest' });
  return harness.prepare(tier);
}

function tierFrom(value: string | undefined): Tier {
  if (value === undefined || value === '') return 'test-cached';
  const tier = TIERS.find((candidate) => candidate === value);
  if (tier) return tier;
  throw new HarnessError('USAGE', `HARNESS_TIER is \`${value}\`; it must be one of ${TIERS.join(', ')}.`);
}
