import { delimiter, join } from 'node:path';
import { HarnessError } from '../core/error.ts';
import { isExecutable } from '../machine/executable.ts';
import { tryRun } from '../machine/process.ts';

let found: Promise<string> | undefined;

/**
 * The first `docker` on the PATH that has buildx: a client without plugins may stand before the one
 * that has them.
 * @throws HarnessError TOOL_MISSING when there is none
 */
export function dockerClient(): Promise<string> {
  found ??= findClient().catch((error: unknown) => {
    found = undefined; // it may be installed before the next call
    throw error;
  });
  return found;
}

async function findClient(): Promise<string> {
  const candidates = (process.env['PATH'] ?? '').split(delimiter).map((directory) => join(directory, 'docker'));
  for (const candidate of new Set(candidates)) {
    if (isExecutable(candidate) && (await tryRun([candidate, 'buildx', 'version'])).exitCode === 0) return candidate;
  }
  throw new HarnessError('TOOL_MISSING', 'No Docker client with buildx was found on the PATH.', {
    next: 'Run `harness doctor` to see what is missing, or `harness setup` to install it.',
  });
}
