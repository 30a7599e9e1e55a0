/** What happened to an image in a run. */
export interface BuildSummary {
  image: string;
  verdict: 'built' | 'fresh' | 'failed' | 'skipped';
  reason: string;
  ms: number;
}

/**
 * What happened to an image in one node. `bytes` is what travelled into it. Through the registry,
 * `pushed` is what Docker sent there, once for all nodes.
 */
export interface LoadSummary {
  image: string;
  node: string;
  verdict: 'transferred' | 'tagged' | 'present' | 'failed' | 'skipped';
  bytes: number;
  pushed?: number;
  ms: number;
}

export interface TestSummary {
  passed: number;
  failed: number;
  skipped: number;
  /** Test files that were left out, because they passed before and nothing changed. */
  unchanged?: number;
}

/** What went wrong, and what to do. `INTERNAL` is what the harness did not expect. */
export interface ReportedError {
  code: string;
  message: string;
  next?: string;
  detail?: string;
}

/** The last line of every `--json` output. Commands add what is theirs (`images`, `checks`, …). */
export interface Summary {
  type: 'summary';
  command: string;
  ok: boolean;
  exitCode: number;
  builds: BuildSummary[];
  loads: LoadSummary[];
  tests: TestSummary | null;
  ms: number;
  error?: ReportedError;
  [more: string]: unknown;
}
