/** What happened to an image in a run. */
export interface BuildSummary {
  image: string;
  verdict: 'built' | 'fresh' | 'failed' | 'skipped';
  reason: string;
  /** Whether the build gave the same as the one before, so that the image of that one was kept. */
  sameResult?: boolean;
  ms: number;
}

/**
 * What happened to an image in one node. `bytes` is what the node received. For a load through the
 * registry, `pushed` is what Docker pushed to it, once for all nodes.
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
  /** Test files that were skipped because they passed before and nothing changed. */
  unchanged?: number;
}

/** An error and what to do about it. The code `INTERNAL` means a bug in the harness. */
export interface ReportedError {
  code: string;
  message: string;
  next?: string;
  detail?: string;
}

/** The last line of every `--json` output. Commands add fields (`images`, `checks`, …). */
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
