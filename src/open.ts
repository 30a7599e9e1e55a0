import type { Harness, OpenOptions } from './harness.ts';

/**
 * Opens the harness of a repository: reads its configuration. Everything it needs is loaded when it
 * is called, because each configuration that imports `defineConfig` would load it, too.
 * @throws HarnessError CONFIG
 */
export async function openHarness(options: OpenOptions = {}): Promise<Harness> {
  return (await import('./harness.ts')).openHarness(options);
}
