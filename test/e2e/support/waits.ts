import { appendFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect } from 'vitest';
import type { Event } from '../../../src/core/event.ts';

/** What one run of the command spent its time on. `scripts/slowest.mjs` sums it up by test file. */
export interface Waits {
  file: string;
  command: string;
  ms: number;
  /** Milliseconds by step, such as `cluster` or `build`; steps may overlap. */
  steps: Record<string, number>;
}

/** Records what a command waited for, next to the test reports, if this run writes any. */
export function recordWaits(args: readonly string[], ms: number, events: readonly Event[]): void {
  const reports = process.env['HARNESS_REPORTS'];
  if (!reports) return;
  const steps: Record<string, number> = {};
  for (const event of events) {
    if (event.type !== 'step' || !('ms' in event) || event.id.includes('/')) continue;
    const name = event.id.replace(/:.*/, '');
    steps[name] = (steps[name] ?? 0) + event.ms;
  }
  const waits: Waits = { file: basename(expect.getState().testPath ?? ''), command: args[0] ?? '', ms, steps };
  appendFileSync(join(reports, 'waits.jsonl'), `${JSON.stringify(waits)}\n`);
}
