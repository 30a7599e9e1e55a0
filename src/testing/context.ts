import type { Tier } from '../config/config.ts';

/**
 * What tests are handed: through vitest's `inject('harness')`, and in the environment for any other
 * runner.
 */
export interface HarnessContext {
  /** Path of the cluster's private kubeconfig. */
  kubeconfig: string;
  namespace: string;
  tier: Tier;
  project: string;
  /** Where the harness keeps its own files. */
  stateDirectory: string;
  /** Image references by the image's name in the configuration. */
  images: Record<string, string>;
  /**
   * Where this machine reaches the services beside the cluster, by name: for each of their ports an
   * address such as `127.0.0.1:49153`.
   */
  services: Record<string, Record<number, string>>;
}

/**
 * The environment variable that carries the context, as JSON, to a vitest that the harness itself
 * started.
 */
export const CONTEXT_VARIABLE = 'HARNESS_CONTEXT';
