import type { Harness, OpenOptions } from './harness.ts';

/**
 * Reads the configuration of a repository. This does not need Docker.
 *
 * Modules are loaded when it is called, because every configuration file that imports
 * `defineConfig` also loads this module.
 * @throws HarnessError CONFIG, USAGE for an unknown name in `sinceImages`
 */
export async function openHarness(options: OpenOptions = {}): Promise<Harness> {
  return (await import('./harness.ts')).openHarness(options);
}
