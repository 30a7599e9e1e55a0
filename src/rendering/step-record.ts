import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import type { DeployStep } from '../config/deploy-step.ts';
import type { ExpectedPods } from '../deploying/judge-current.ts';
import type { KubeObject } from '../kubernetes/api.ts';
import { readState, writeDurably } from '../machine/state-file.ts';
import type { AppliedObject } from './standing.ts';

/** What is remembered of a step that succeeded. */
export interface StepRecord {
  /** The digest of everything that it depends on. */
  inputs: string;
  /** Everything that it applied, also a release's own Secret. */
  applied: AppliedObject[];
  /** Its objects as far as later stages need them: Services whole, of others only the identity. */
  objects: { source: string; object: KubeObject }[];
  /** The pods that run configured images because of it. */
  workloads: readonly ExpectedPods[];
  /** Whether a container of it has no readiness probe. */
  unprobed: boolean;
}

type Records = Record<string, StepRecord>;

/** What was remembered of a step; undefined if nothing was. */
export function readRecord(config: Pick<Config, 'stateDirectory'>, step: DeployStep): StepRecord | undefined {
  return readState<Records>(fileOf(config))?.[step.place];
}

/** Remembers a step that succeeded, or forgets it before it is done again. */
export function writeRecord(
  config: Pick<Config, 'stateDirectory'>,
  step: DeployStep,
  record: StepRecord | undefined,
): void {
  const { [step.place]: _, ...others } = readState<Records>(fileOf(config)) ?? {};
  writeDurably(fileOf(config), JSON.stringify(record ? { ...others, [step.place]: record } : others));
}

function fileOf({ stateDirectory }: Pick<Config, 'stateDirectory'>): string {
  return join(stateDirectory, 'steps.json');
}
