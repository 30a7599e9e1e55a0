import type { Tier } from '../config/config.ts';

/**
 * What tests receive: through `inject('harness')` in vitest, and through the environment in any
 * other runner.
 */
export interface HarnessContext {
  /** Path of the cluster's private kubeconfig. */
  kubeconfig: string;
  namespace: string;
  tier: Tier;
  project: string;
  /** The directory of the harness's own files. */
  stateDirectory: string;
  /** Image references by the image's name in the configuration. */
  images: Record<string, string>;
  /** Where custom resources name images, as configured in `deploy.imageFields`. */
  imageFields: { kind: string; path: string }[];
  /**
   * Addresses of the services next to the cluster on this machine, by the service's name and port,
   * such as `127.0.0.1:49153`.
   */
  services: Record<string, Record<number, string>>;
}

/**
 * The environment variable that passes the context, as JSON, to a vitest that the harness started.
 */
export const CONTEXT_VARIABLE = 'HARNESS_CONTEXT';
