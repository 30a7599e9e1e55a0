import type { HarnessContext } from '../testing/context.ts';

/** The process that runs tests, as it stands on everything that they make: enough to prove later that it is gone. */
export interface Owner {
  /** The machine's name and, where it has one, its lasting id. */
  host: string;
  /** The kernel's id of this boot; empty where the system has none. */
  boot: string;
  /** The set of processes in which `pid` counts; a container has its own. Empty where the system has none. */
  processes: string;
  pid: number;
  /** Tells the process from a later one with the same number; empty where the system does not say. */
  started: string;
}

/** One run of vitest: from its global setup to the end of its process. */
export interface TestRun {
  /** Sorts by time. */
  id: string;
  owner: Owner;
  /** Where what is found out about failed tests is written: a directory of this run's own. */
  artifacts: string;
  /** Whether the namespaces of tests stay when they are over. */
  keepNamespaces: boolean;
}

/** What vitest's `inject('harness')` yields. */
export interface VitestContext extends HarnessContext {
  run: TestRun;
}

/** What stands on namespaces and cluster-scoped objects that tests made. */
export const TEST_LABELS = {
  project: 'kind-harness.dev/project',
  run: 'kind-harness.dev/run',
} as const;

export const TEST_ANNOTATIONS = {
  /** The `Owner`, as JSON. */
  owner: 'kind-harness.dev/owner',
  /** When it was made. */
  created: 'kind-harness.dev/created',
  /** The test's file and full name. */
  test: 'kind-harness.dev/test',
} as const;
