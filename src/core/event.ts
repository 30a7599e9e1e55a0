import type { BuildSummary, LoadSummary, ReportedError, Summary, TestSummary } from './summary.ts';

/**
 * What a run reports while it works. Everything a user sees (terminal, plain lines, JSON) is made
 * from these events; only `report/` and `cli/` print.
 */
export type Event =
  | { type: 'plan'; steps: { id: string; title: string }[] }
  | { type: 'step'; id: string; state: 'start'; title: string }
  | { type: 'step'; id: string; state: 'progress'; detail: string }
  | { type: 'step'; id: string; state: 'done' | 'skipped'; title: string; ms: number }
  | { type: 'step'; id: string; state: 'failed'; title: string; ms: number }
  | { type: 'note'; level: 'info' | 'warning'; message: string }
  | { type: 'output'; from: string; line: string }
  | Round
  | Summary;

/** How one round of `harness dev` ended. */
export interface Round {
  type: 'round';
  ok: boolean;
  builds: BuildSummary[];
  loads: LoadSummary[];
  tests: TestSummary | null;
  ms: number;
  error?: ReportedError;
}

/** Receives events; must neither throw nor block. */
export type Emit = (event: Event) => void;
