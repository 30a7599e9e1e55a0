export { defineConfig, type DeployStepConfig, type HarnessConfig } from './config/define.ts';
export { openHarness } from './open.ts';
export type { DownOptions, Harness, OpenOptions, TierOptions } from './harness.ts';
export { HarnessError, type ErrorCode } from './core/error.ts';
export { TIERS, type Tier, type Config } from './config/config.ts';
export type { HarnessContext } from './testing/context.ts';
export type { PreparedTests } from './run/prepare-for-others.ts';
export type { Emit, Event } from './core/event.ts';
export type { BuildSummary, LoadSummary, Summary, TestSummary } from './core/summary.ts';
